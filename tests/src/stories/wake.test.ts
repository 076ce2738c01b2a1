// The wake contract: an agent that works in turns never becomes idle with unseen mail, and the next mail wakes it.

import type { AgoraClient } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('an agent that works in turns', () => {
  test('is woken by a message, takes its mail by priority, and becomes idle again', async () => {
    const agent = await hub.join('Turner');
    const sender = await hub.join('Waker');
    const sleeping = agent.waitForMail({ timeoutMs: 10_000 });
    await sender.batch([
      { do: 'send', to: 'Turner', messageType: 'note', payload: 'low', priority: 1 },
      { do: 'send', to: 'Turner', messageType: 'note', payload: 'high', priority: 3 },
    ]);

    expect(await sleeping).toBe(true);
    const mail = await agent.takeMail();
    expect(mail.map(({ payload }) => payload)).toEqual(['high', 'low']);
    await Promise.all(mail.map(message => message.ack()));
    expect(await agent.takeMail()).toEqual([]);
    await agent.goIdle();
  });

  test('is woken by a broadcast, which stays unseen until it takes it', async () => {
    const agent = await hub.join('Listening');
    const sender = await hub.join('Town');
    const sleeping = agent.waitForMail({ timeoutMs: 10_000 });
    await sender.broadcast({ messageType: 'news', payload: 'all' });
    expect(await sleeping).toBe(true);
    const [news] = await mailOf(agent);
    expect(news).toMatchObject({ broadcast: true, payload: 'all' });
    await news?.ack();
  });

  test('cannot become idle with mail that it has not taken', async () => {
    const agent = await hub.join('Sluggish');
    const sender = await hub.join('Early');
    await agent.takeMail();
    await sender.sendMessage({ to: 'Sluggish', messageType: 'note', payload: 1 });
    expect(await agent.waitForMail({ timeoutMs: 10_000 })).toBe(true);
    expect(await agent.waitForMail({ timeoutMs: 10_000 })).toBe(true);
    const [mail] = await mailOf(agent);
    await mail?.ack();
    expect(await agent.waitForMail({ timeoutMs: 50 })).toBe(false);
  });

  test('waits until its timeout at most', async () => {
    const agent = await hub.join('Brief');
    const controller = new AbortController();
    const waiting = agent.waitForMail({ signal: controller.signal });
    controller.abort(new Error('work to do'));
    await expect(waiting).rejects.toThrow('work to do');
  });
});

/** Takes mail as an agent does: waits until it has some. */
async function mailOf(agent: AgoraClient) {
  for (let turn = 0; turn < 100; turn++) {
    expect(await agent.waitForMail({ timeoutMs: 10_000 }), 'the agent is woken').toBe(true);
    const mail = await agent.takeMail();
    if (mail.length > 0) return mail;
  }
  throw new Error('the hub says that there is mail, and shows none');
}

describe('ten thousand times', () => {
  const PAIRS = 20;
  const ROUNDS = 500;
  /** One round in so many sends a broadcast instead. */
  const BROADCAST_EVERY = 25;

  test('a send or a broadcast races with becoming idle, and none is missed', { timeout: 180_000 }, async () => {
    await using place = await startTestHub();
    const race = async (pair: number) => {
      const agent = await place.join(`Agent${pair}`);
      const sender = await place.join(`Sender${pair}`);
      await agent.takeMail();
      const seen = new Set<unknown>();
      let slept = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const payload = `${pair}.${round}`;
        const note = { messageType: 'note', payload };
        const isToAll = round % BROADCAST_EVERY === BROADCAST_EVERY - 1;
        const idling = agent.goIdle().then(
          () => slept++,
          (error: unknown) => expect(error).toMatchObject({ code: 'agent/has-mail' }),
        );
        const sending = isToAll ? sender.broadcast(note) : sender.sendMessage({ ...note, to: agent.name });
        await Promise.all([idling, sending]);
        while (!seen.has(payload)) {
          for (const message of await mailOf(agent)) {
            seen.add(message.payload);
            void message.ack();
          }
        }
      }
      return slept;
    };
    const slept = await Promise.all(Array.from({ length: PAIRS }, (_, pair) => race(pair)));
    // Both outcomes of the race occurred.
    const total = slept.reduce((sum, each) => sum + each, 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThan(PAIRS * ROUNDS);
  });
});
