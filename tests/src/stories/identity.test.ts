// The identity of a program without configuration: the same at each start, and the same as the user's other programs.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AgoraClient, type AgoraClientOptions, type AgoraError } from '@agora/client';
import { defaultTokenPath, defaultTokenStore, fileTokenStore } from '@agora/client/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startHub, type Hub } from '@agora/hub';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

const PROGRAM = fileURLToPath(new URL('../support/identity-process.ts', import.meta.url));
const run = promisify(execFile);

let hub: TestHub;
let home: string;

beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub[Symbol.asyncDispose]());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'agora-home-'));
  vi.stubEnv('AGORA_HOME', home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

/** The identity of a client with these options only. */
async function identityOf(options: AgoraClientOptions = {}): Promise<string | undefined> {
  await using client = new AgoraClient('Anybody', { server: hub.url, database: hub.database, ...options });
  await client.connect();
  return client.identity;
}

describe('a program without a configured identity', () => {
  test('has the same one at each start, from a file that only its user can read', async () => {
    const first = await identityOf();
    expect(await identityOf()).toBe(first);
    const path = defaultTokenPath(hub.url, hub.database);
    expect(path.startsWith(join(home, 'tokens'))).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
    expect(await defaultTokenStore(hub.url, hub.database).load()).toBe((await readFile(path, 'utf8')).trim());
  });

  test('has another one in another database, and the same at every name of this machine', () => {
    expect(defaultTokenPath('http://127.0.0.1:3000', 'a')).not.toBe(defaultTokenPath('http://127.0.0.1:3000', 'b'));
    expect(defaultTokenPath('http://localhost:3000', 'a')).toBe(defaultTokenPath('http://127.0.0.1:3000', 'a'));
    expect(defaultTokenPath('http://hub.example', 'a')).not.toBe(defaultTokenPath('https://hub.example', 'a'));
  });

  test('shares it with programs that first start at the same instant', async () => {
    const starts = Array.from({ length: 4 }, () => run(process.execPath, [PROGRAM, hub.url, hub.database]));
    const identities = (await Promise.all(starts)).map(({ stdout }) => stdout.trim());
    expect(identities[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(identities).size).toBe(1);
  });

  test('uses the identity of the environment rather than a stored one', async () => {
    const kept = await identityOf();
    vi.stubEnv('AGORA_TOKEN', hub.ownerToken);
    const given = await identityOf();
    expect(given).not.toBe(kept);
    expect(await identityOf({ token: hub.ownerToken })).toBe(given);
  });

  test('gets a new one each time where that is wanted', async () => {
    const fresh = await identityOf({ tokenStore: false });
    expect(await identityOf({ tokenStore: false })).not.toBe(fresh);
    await expect(stat(join(home, 'tokens'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('works without a place for its token, and warns', async () => {
    await writeFile(join(home, 'a-file'), '');
    vi.stubEnv('AGORA_HOME', join(home, 'a-file'));
    const warnings = new Received<AgoraError>();
    await using client = new AgoraClient('Anybody', { server: hub.url, database: hub.database });
    client.on('warning', warnings.add);
    await client.connect();
    expect(client.identity).toMatch(/^[0-9a-f]{64}$/);
    expect((await warnings.first()).message).toContain('could not be stored');
  });
});

describe('a kept token that the hub does not accept', () => {
  async function hubAt(port: number, dataDir?: string): Promise<Hub> {
    return startHub({ port, hostname: '127.0.0.1', dataDir });
  }

  test('is put aside for a new identity, and is valid again when its hub returns', async () => {
    const folder = join(home, 'data');
    let running = await hubAt(0, folder);
    const { url } = running;
    const port = Number(new URL(url).port);
    const server = { server: url, database: 'agora' };
    const first = await identityOf(server);
    await running.close();

    running = await hubAt(port);
    const warnings = new Received<AgoraError>();
    const client = new AgoraClient('Anybody', server);
    client.on('warning', warnings.add);
    await client.connect();
    const second = client.identity;
    expect(second).not.toBe(first);
    expect(await warnings.first()).toMatchObject({ code: 'client/new-identity' });
    expect(await identityOf(server)).toBe(second);
    await client.close();
    await running.close();

    running = await hubAt(port, folder);
    expect(await identityOf(server)).toBe(first);
    await running.close();
  });

  test('is not replaced in a store that the caller named: the error names the way out', async () => {
    const path = join(home, 'own');
    await writeFile(path, 'no.token.at-all\n');
    await expect(identityOf({ tokenStore: fileTokenStore(path) })).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'connection/bad-token',
      message: expect.stringContaining('remove the stored token') as string,
    });
    expect(await readFile(path, 'utf8')).toBe('no.token.at-all\n');
  });
});

describe('agents of one identity', () => {
  test('receive their own messages, answers and progress, each by its own client', async () => {
    const [ada, bob] = [
      await hub.join('Ada', {}, { tokenStore: undefined }),
      await hub.join('Bob', {}, { tokenStore: undefined }),
    ];
    expect(ada.identity).toBe(bob.identity);
    const received = { Ada: new Received<unknown>(), Bob: new Received<unknown>() };
    const progress = new Received<unknown>();
    for (const agent of [ada, bob]) {
      await agent.subscribeToMessages('n', async (message, context) => {
        await context.progress('half');
        received[agent.name as 'Ada' | 'Bob'].add(message.payload);
        return agent.name;
      });
    }
    const peer = await hub.join('Peer');
    const question = { messageType: 'n', timeout: 10, onProgress: progress.add };
    const answers = await Promise.all([
      peer.sendMessage({ ...question, to: 'Ada', payload: 'to Ada' }),
      ada.sendMessage({ ...question, to: 'Bob', payload: 'to Bob' }),
      bob.sendMessage({ ...question, to: 'Ada', payload: 'to Ada too' }),
    ]);
    await peer.broadcast({ messageType: 'n', payload: 'to all' });

    expect(answers.map(({ data }) => data)).toEqual(['Ada', 'Bob', 'Ada']);
    expect(progress.items).toHaveLength(3);
    expect([...(await received.Ada.atLeast(3))].sort()).toEqual(['to Ada', 'to Ada too', 'to all']);
    expect([...(await received.Bob.atLeast(2))].sort()).toEqual(['to Bob', 'to all']);
    const bystander = await bob.sendMessage({ to: 'Ada', messageType: 'n', payload: 'last', timeout: 10 });
    expect(bystander.data).toBe('Ada');
    expect([received.Ada.items.length, received.Bob.items.length]).toEqual([4, 2]);
  });

  test('become idle and wake by their own mail', async () => {
    const [cleo, dan] = [
      await hub.join('Cleo', {}, { tokenStore: undefined }),
      await hub.join('Dan', {}, { tokenStore: undefined }),
    ];
    const sleeping = dan.waitForMail({ timeoutMs: 10_000 });
    await cleo.sendMessage({ to: 'Cleo', messageType: 'n', payload: 'for me' });
    expect(await cleo.waitForMail({ timeoutMs: 10_000 })).toBe(true);
    expect((await dan.takeMail()).length).toBe(0);
    await cleo.sendMessage({ to: 'Dan', messageType: 'n', payload: 'for Dan' });
    expect(await sleeping).toBe(true);
  });

  test('watch a workflow separately: unwatching by one does not affect the other', async () => {
    const [eve, fay] = [
      await hub.join('Eve', {}, { tokenStore: undefined }),
      await hub.join('Fay', {}, { tokenStore: undefined }),
    ];
    const begun = new Received<() => void>();
    fay.onTask('work', () => new Promise<void>(resolve => begun.add(resolve)));
    const started = await eve.startWorkflowCoordination({
      workflow_type: 'w',
      steps: [{ agent: 'Fay', action: 'work' }],
    });
    const followed = await fay.workflow(started.workflowId);
    const finish = await begun.first();
    await started.close();
    finish();
    expect(await followed.result({ timeoutMs: 10_000 })).toMatchObject({ status: 'succeeded' });
  });

  test('see a workflow that has ended at the same time, however often', async () => {
    const [gus, hal] = [
      await hub.join('Gus', {}, { tokenStore: undefined }),
      await hub.join('Hal', {}, { tokenStore: undefined }),
    ];
    hal.onTask('work', () => 'done');
    const steps = [{ agent: 'Hal', action: 'work' }];
    const { workflowId } = await gus.startWorkflowCoordination({ workflow_type: 'w', steps });
    await (await hal.workflow(workflowId)).result({ timeoutMs: 10_000 });
    // Each unwatches it as soon as it has ended, for the other as well.
    const looks = Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? gus : hal).workflow(workflowId));
    for (const handle of await Promise.all(looks)) expect(handle.status().status).toBe('succeeded');
    for (let round = 0; round < 50; round++) {
      const [one, two] = await Promise.all([gus.workflow(workflowId), hal.workflow(workflowId)]);
      expect([one.status().status, two.status().status]).toEqual(['succeeded', 'succeeded']);
    }
  });
});

describe('a second process under the name of an agent', () => {
  async function twins(name: string) {
    const first = await hub.join(name, { metadata: { site: 'a' } }, { tokenStore: undefined });
    const second = hub.client(name, { tokenStore: undefined });
    const warnings = new Received<AgoraError>();
    second.on('warning', warnings.add);
    await second.connect();
    return { first, second, warnings };
  }

  test('is refused, and changes nothing', async () => {
    const { first, second } = await twins('Castor');
    const refused = { code: 'agent/in-use', message: expect.stringContaining('takeOver') as string };
    await expect(second.registerAgent({ agentType: 'other' })).rejects.toMatchObject(refused);
    await expect(second.resumeAgent()).rejects.toMatchObject(refused);
    const wrong: object = { ifServed: 'takeover' };
    await expect(second.resumeAgent(wrong)).rejects.toMatchObject({ code: 'client/bad-option' });
    expect(await first.findAgents({ name: 'Castor' })).toMatchObject([
      { agentType: 'worker', metadata: { site: 'a' } },
    ]);
    await second.resumeAgent({ receives: false });
    await first.close();
  });

  test('serves it if the first one ends within two seconds', async () => {
    const { first, second, warnings } = await twins('Pollux');
    const serving = second.resumeAgent();
    await first.close();
    await serving;
    expect(warnings.items).toEqual([]);
    await second.close();
  });

  test('shares it on request, with a warning for both processes', async () => {
    const { first, second, warnings } = await twins('Romulus');
    const ofFirst = new Received<AgoraError>();
    first.on('warning', error => ofFirst.add(error));
    await second.registerAgent({ agentType: 'worker', metadata: { site: 'b' } }, { ifServed: 'share' });
    expect(await warnings.first()).toMatchObject({ code: 'agent/elsewhere' });
    expect(await ofFirst.first()).toMatchObject({ code: 'agent/elsewhere' });
    expect(await first.findAgents({ name: 'Romulus' })).toMatchObject([{ metadata: { site: 'b' } }]);
    expect([ofFirst.items.length, warnings.items.length]).toEqual([1, 1]);
    expect(first.state).toBe('connected');
    await Promise.all([first.close(), second.close()]);
  });

  test('takes it over on request: the first client ends, and its work comes here', async () => {
    const { first, second, warnings } = await twins('Remus');
    const begun = Promise.withResolvers<AbortSignal>();
    await first.subscribeToMessages('job', (_message, { signal }) => {
      begun.resolve(signal);
      return new Promise(() => undefined);
    });
    const boss = await hub.join('TwinBoss');
    const answer = boss.sendMessage({ to: 'Remus', messageType: 'job', payload: 1, timeout: 30 });
    const signal = await begun.promise;
    const ended = new Received<unknown>();
    first.on('connection', ({ state, error }) => ended.add([state, error?.code]));
    await second.subscribeToMessages('job', () => 'done');
    await second.registerAgent({ agentType: 'worker', metadata: { site: 'b' } }, { ifServed: 'takeOver' });
    expect(await ended.first()).toEqual(['closed', 'agent/taken-over']);
    expect(signal.aborted).toBe(true);
    expect(await answer).toMatchObject({ data: 'done' });
    expect(await boss.findAgents({ name: 'Remus' })).toMatchObject([{ metadata: { site: 'b' } }]);
    expect(warnings.items).toEqual([]);
    // The first client may take it back.
    const third = hub.client('Remus', { tokenStore: undefined });
    await third.connect();
    await third.resumeAgent({ ifServed: 'takeOver' });
    await expect.poll(() => second.state).toBe('closed');
    await third.close();
  });
});
