// Claims over real sockets: locks, queues, fences.

import type { AgoraClient, AgoraError, ClaimInfo } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

/** Resolves with the reason of a signal once it aborts. */
function abortOf(signal: AbortSignal): Promise<AgoraError> {
  return new Promise(resolve => {
    const aborted = () => resolve(signal.reason as AgoraError); // a lock aborts with one
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });
}

/** Waits until the claims on a path are as wanted. */
async function until(client: AgoraClient, on: string, isWanted: (claims: readonly ClaimInfo[]) => boolean) {
  for await (const claims of client.watchClaims({ on })) if (isWanted(claims)) return claims;
  return [];
}

describe('a lock', () => {
  test('is exclusive, shows its holder and note, and is released at the end of its block', async () => {
    const [ada, bo] = [await hub.join('Ada'), await hub.join('Bo')];
    let first = 0;
    {
      await using lock = await ada.claim(['one/a.ts', { name: 'deploy' }], { note: 'a fix' });
      first = lock.number;
      await expect(bo.claim('one/')).rejects.toMatchObject({
        code: 'claim/held',
        message: expect.stringMatching(/"Ada".*a fix/) as string,
      });
      expect(await bo.claims({ on: 'one/a.ts' })).toMatchObject([{ agent: 'Ada', note: 'a fix', number: first }]);
      expect(await bo.claims({ agent: 'Ada' })).toMatchObject([{ state: 'held', shared: false }]);
    }
    await using next = await bo.claim('./one/');
    expect(next.number).toBeGreaterThan(first);
    expect(next.resources).toEqual([{ kind: 'path', key: 'one/**' }]);
  });

  test('is granted to the next in the queue, in order', async () => {
    const order = new Received<string>();
    const clients = await Promise.all(['Q0', 'Q1', 'Q2'].map(name => hub.join(name)));
    const [first, ...others] = clients;
    const lock = await first?.claim('two/**');
    const waits: Promise<void>[] = [];
    for (const [at, client] of others.entries()) {
      const claiming = client.claim(`two/**`, { timeoutMs: 60_000 });
      waits.push(
        claiming.then(async granted => {
          order.add(`${client.name} ${granted.signal.aborted}`);
          await granted.release();
        }),
      );
      await until(client, 'two/**', claims => claims.length === at + 2);
    }
    await lock?.release();
    await Promise.all(waits);
    expect(await order.atLeast(2)).toEqual(['Q1 false', 'Q2 false']);
  });

  test('waits at most its timeout, and no longer than its signal', async () => {
    const [ada, bo] = [await hub.join('Ann'), await hub.join('Ben')];
    await using _lock = await ada.claim('three/a');
    await expect(bo.claim('three/a', { timeoutMs: 300 })).rejects.toMatchObject({ code: 'claim/timed-out' });
    const abort = new AbortController();
    const waiting = bo.claim('three/a', { timeoutMs: 60_000, signal: abort.signal });
    await until(ada, 'three/a', claims => claims.length === 2);
    abort.abort(new Error('no more'));
    await expect(waiting).rejects.toThrow('no more');
    expect(await until(ada, 'three/a', claims => claims.length === 1)).toMatchObject([{ agent: 'Ann' }]);
  });

  test('outlives its lease while its client runs', async () => {
    const ada = await hub.join('Long');
    await using lock = await ada.claim('four/a', { leaseMs: 1_000 });
    const [first] = await ada.claims({ on: 'four/a' });
    const end = first?.until.getTime() ?? 0;
    const extended = await until(ada, 'four/a', ([claim]) => (claim?.until.getTime() ?? 0) > end + 1_000);
    expect(extended).toMatchObject([{ id: lock.id, number: lock.number }]);
    expect(lock.signal.aborted).toBe(false);
  });

  test('aborts its signal when it is lost, and its fence refuses what comes later', async () => {
    const [ada, bo] = [await hub.join('Lost'), await hub.join('Reader')];
    const received = new Received<unknown>();
    await bo.subscribeToMessages('note', ({ payload }) => received.add(payload));
    const lock = await ada.claim('five/a');
    const note = (payload: number) => ({ do: 'send', to: 'Reader', messageType: 'note', payload }) as const;
    await ada.batch([note(1)], { claim: lock });
    const boss = await hub.join('Boss', {}, { token: hub.ownerToken });
    await boss.operator.breakClaim(lock.id, 'stuck');
    expect(await abortOf(lock.signal)).toMatchObject({ code: 'claim/lost' });
    await expect(ada.batch([note(2)], { claim: lock })).rejects.toMatchObject({ code: 'claim/outdated' });
    await ada.batch([note(3)]);
    expect(await received.atLeast(2)).toEqual([1, 3]);
  });

  test('is released when its client closes', async () => {
    const [ada, bo] = [await hub.join('Closing'), await hub.join('Next')];
    await ada.claim('six/a');
    await ada.close();
    await using lock = await bo.claim('six/a', { timeoutMs: 5_000 });
    expect(lock.signal.aborted).toBe(false);
  });

  test('fences the end of a task', async () => {
    const [lead, worker] = [await hub.join('Lead'), await hub.join('Worker')];
    const lock = await worker.claim('seven/a');
    const outcome = new Received<string>();
    await worker.subscribeToMessages('job', async message => {
      await lock.release();
      await worker
        .batch([{ do: 'respond', message, data: 'late' }], { claim: lock })
        .catch((error: AgoraError) => outcome.add(error.code));
      return 'current';
    });
    const answer = await lead.sendMessage({ to: 'Worker', messageType: 'job', payload: 1, timeoutMs: 10_000 });
    expect(await outcome.atLeast(1)).toEqual(['claim/outdated']);
    expect(answer).toMatchObject({ data: 'current' });
  });
});

describe('an act that names a claim', () => {
  test('is refused once the claim has ended; its recipient sees the claim and its number', async () => {
    const [ada, bo] = [await hub.join('FencedA'), await hub.join('FencedB')];
    const claimed = new Received<unknown>();
    await bo.subscribeToMessages('note', ({ claim, broadcast }) => {
      claimed.add(broadcast ? 'broadcast' : claim);
      return 'noted';
    });
    const lock = await ada.claim('eight/a');
    const note = { to: 'FencedB', messageType: 'note', payload: 1 } as const;
    const all = (claim: { readonly id: string; readonly number: number }) => [
      ada.sendMessage({ ...note, claim }),
      ada.ask({ ...note, claim, timeoutMs: 10_000 }),
      ada.publishEvent({ eventType: 'file.written', data: {}, claim }),
      ada.broadcast({ messageType: 'note', payload: 1, claim }),
      ada.startWorkflowCoordination(
        { workflowType: 'w', steps: [{ agent: 'FencedB', action: 'never' }] },
        { claim: { id: claim.id, number: claim.number } },
      ),
    ];
    await Promise.all(all(lock));
    await ada.sendMessage(note);
    const { id, number } = lock;
    const got = await claimed.atLeast(4);
    expect(got.filter(each => each !== 'broadcast')).toEqual([{ id, number }, { id, number }, undefined]);
    await lock.release();
    const outdated = { status: 'rejected', reason: { code: 'claim/outdated' } };
    expect(await Promise.allSettled(all(lock))).toMatchObject(Array.from({ length: 5 }, () => outdated));
    await expect(ada.sendMessage({ ...note, claim: {} as never })).rejects.toMatchObject({ code: 'client/bad-option' });
  });

  test('does not hold back the others of its tick, and is refused alone', async () => {
    const ada = await hub.join('Mixed');
    const lost = await ada.claim('nine/a');
    await lost.release();
    await using lock = await ada.claim('nine/b');
    const event = (claim?: { readonly id: string; readonly number: number }) =>
      ada.publishEvent({ eventType: 'mixed', data: {}, claim });
    const settled = await Promise.allSettled([event(), event(lost), event(lock), event(lost), event()]);
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  test('is refused in a batch with the positions of the other refused acts', async () => {
    const ada = await hub.join('Batched');
    await using lock = await ada.claim('ten/a');
    const publish = { do: 'publish', eventType: 'batched', data: {} } as const;
    const send = { do: 'send', to: 'Missing', messageType: 'note', payload: 1 } as const;
    await expect(ada.batch([publish, send], { claim: lock })).rejects.toMatchObject({
      code: 'call/refused',
      refusals: [{ act: 1, code: 'message/unknown-recipient' }],
    });
  });
});

describe('a result that names a claim', () => {
  test('is refused once the claim has ended, and the message is offered again', async () => {
    const [lead, worker] = [await hub.join('FenceLead'), await hub.join('FenceWorker')];
    const refused = new Received<string>();
    const attempts: number[] = [];
    worker.on('warning', ({ code }) => refused.add(code));
    await worker.subscribeToMessages('job', async (_, { attempt, fence, respond }) => {
      attempts.push(attempt);
      const lock = await worker.claim('eleven/a');
      fence(lock);
      if (attempt === 1) await lock.release();
      await respond(attempt).catch((error: AgoraError) => {
        refused.add(error.code);
        throw error;
      });
    });
    const answer = await lead.sendMessage({ to: 'FenceWorker', messageType: 'job', payload: 1, timeoutMs: 30_000 });
    expect(answer).toMatchObject({ data: 2 });
    expect(attempts).toEqual([1, 2]);
    expect(refused.items).toEqual(['claim/outdated', 'client/handler-failed']);
  });

  test('is refused for the step of a workflow, which another attempt ends', async () => {
    const [lead, worker] = [await hub.join('StepLead'), await hub.join('StepWorker')];
    const attempts: number[] = [];
    worker.onTask('change', async (_, { attempt, fence }) => {
      attempts.push(attempt);
      const lock = await worker.claim('twelve/a');
      fence(lock);
      if (attempt === 1) await lock.release();
      return { number: lock.number, isOutdated: attempt === 1 };
    });
    const workflow = await lead.startWorkflowCoordination({
      workflowType: 'changes',
      steps: [{ agent: 'StepWorker', action: 'change' }],
    });
    expect((await workflow.result({ timeoutMs: 30_000 })).outputs).toMatchObject({ change: { isOutdated: false } });
    expect(attempts).toEqual([1, 2]);
  });
});

describe('two agents that refactor one repository', () => {
  test('read together, write apart, and neither loses the work of the other', async () => {
    const files = new Map(['api', 'core', 'docs'].map(folder => [`${folder}/index`, [] as string[]]));
    const [ada, bo] = [await hub.join('RefactorA'), await hub.join('RefactorB')];
    const rename = async (client: AgoraClient, round: number) => {
      // Both read all, then each changes two folders; a wait for a second claim could close a cycle, one claim of both cannot.
      {
        await using _reading = await client.claim('repo/**', { shared: true, timeoutMs: 30_000, note: 'reads' });
      }
      const folders = round % 2 === 0 ? ['api', 'core'] : ['core', 'docs'];
      await using lock = await client.claim(
        folders.map(folder => `repo/${folder}/`),
        { timeoutMs: 30_000, note: `renames ${round}` },
      );
      for (const folder of folders) {
        const lines = [...(files.get(`${folder}/index`) ?? [])];
        await client.claims({ on: `repo/${folder}/index` }); // another turn between read and write
        files.set(`${folder}/index`, [...lines, `${lock.number} ${client.name} ${round}`]);
      }
    };
    const all = [ada, bo].map(async client => {
      for (let round = 0; round < 10; round++) await rename(client, round);
    });
    await Promise.all(all);
    expect([...files.values()].map(lines => lines.length)).toEqual([10, 20, 10]);
    for (const lines of files.values()) {
      const numbers = lines.map(line => Number.parseInt(line, 10));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
  });
});
