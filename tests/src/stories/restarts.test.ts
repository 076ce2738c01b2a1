// The hub is restarted or suspended, and processes of agents end, while work is in hand.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AgoraClient } from '@agora/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestHub } from '../support/hub.ts';
import { end, freePort, startHubProcess } from '../support/hub-process.ts';

const POISONED = fileURLToPath(new URL('../support/poisoned-process.ts', import.meta.url));
const WORKERS = 6;

describe.skipIf(process.env['AGORA_TEST_SERVER'] !== undefined)('work in hand', () => {
  let folder = '';
  let port = 0;
  let hub: ChildProcess | undefined;
  const clients: AgoraClient[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agora-restarted-'));
    port = await freePort();
    hub = await startHubProcess(port, folder);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map(each => each.close()));
    if (hub) await end(hub, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  async function agent(name: string, capabilities: readonly string[] = []): Promise<AgoraClient> {
    // The start of a hub on a busy machine may take longer than the default.
    const options = { server: `http://127.0.0.1:${port}`, tokenStore: false, offlineTimeoutMs: 60_000 } as const;
    const client = new AgoraClient(name, options);
    clients.push(client);
    await client.connect();
    await client.registerAgent({ agentType: 'worker', capabilities, credit: 1 });
    return client;
  }

  /** Half of the workers are asked by name, half by capability; each handler runs until `finish`. */
  async function inHand() {
    const runs = new Map<string, number>();
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    const asker = await agent('Asker');
    for (let at = 0; at < WORKERS; at++) {
      const worker = await agent(`W${at}`, at % 2 === 0 ? [] : ['work']);
      await worker.subscribeToMessages('job', async ({ payload }) => {
        const { name } = payload as { name: string }; // sent below
        runs.set(name, (runs.get(name) ?? 0) + 1);
        await finished;
        return name;
      });
    }
    const asks = Array.from({ length: WORKERS }, (_, at) => {
      const toAgent = at % 2 === 0 ? `W${at}` : '@work';
      return asker.ask({ toAgent, messageType: 'job', payload: { name: `job${at}` }, timeoutMs: 120_000 });
    });
    await expect.poll(() => runs.size, { timeout: 10_000 }).toBe(WORKERS);
    return { runs, finish, asks, asker };
  }

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'runs once when the hub is ended by %s and is back after 6 s',
    { timeout: 90_000 },
    async signal => {
      const { runs, finish, asks } = await inHand();
      if (hub) await end(hub, signal);
      await pause(6_000);
      hub = await startHubProcess(port, folder);
      // Longer than the grace: what would be taken back was taken back by then.
      await pause(20_000);
      finish();
      const answers = await Promise.all(asks);
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 'success'));
      expect([...runs.values()]).toEqual([...runs.values()].map(() => 1));
    },
  );

  test('runs once when the hub is suspended for longer than the grace', { timeout: 120_000 }, async () => {
    const { runs, finish, asks } = await inHand();
    hub?.kill('SIGSTOP');
    await pause(35_000);
    hub?.kill('SIGCONT');
    await pause(20_000);
    finish();
    const answers = await Promise.all(asks);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 'success'));
    expect([...runs.values()]).toEqual([...runs.values()].map(() => 1));
  });
});

test('a message that ends its process each time is dead after its attempts, and its neighbours are handled', async () => {
  await using hub = await startTestHub();
  const lead = await hub.join('Lead');
  const { token } = await hub.join('Owner');
  let child: ChildProcess | undefined;
  let isOver = false;
  const begun: string[] = [];
  const supervise = async () => {
    while (!isOver) {
      child = spawn(process.execPath, [POISONED, hub.url, hub.database, token ?? ''], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      for await (const line of createInterface({ input: child.stdout ?? process.stdin })) begun.push(line);
    }
  };
  const supervising = supervise();
  await expect.poll(() => lead.findAgents({ name: 'Worker' }), { timeout: 10_000 }).toHaveLength(1);
  const texts = ['poison', 'soup', 'bread', 'fish', 'rice', 'tea'];
  const sent = await Promise.all(
    texts.map(text => lead.sendMessage({ toAgent: 'Worker', messageType: 'meal', payload: { text } })),
  );
  const states = async () => {
    const all = await Promise.all(sent.map(({ messageId }) => lead.messageStatus(messageId)));
    return all.map(([row]) => row?.state);
  };
  await expect
    .poll(states, { timeout: 60_000, interval: 500 })
    .toEqual(['dead', 'done', 'done', 'done', 'done', 'done']);
  expect(begun.filter(text => text === 'poison')).toHaveLength(5);
  isOver = true;
  child?.kill('SIGKILL');
  await supervising;
}, 90_000);
