// A hub that is killed under load and restarted with the same data folder.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgoraClient, createId } from '@agora/client';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort, startHubProcess } from '../support/hub-process.ts';

const KILLS = 3;
const SENDERS = 32;
/** Messages accepted between two kills. */
const MESSAGES_A_LIFE = 400;

const folder = mkdtempSync(join(tmpdir(), 'agora-killed-'));
let hub: ChildProcess | undefined;

afterEach(() => {
  hub?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('a hub that is killed under load', () => {
  test(
    'keeps everything that it accepted (messages, questions, broadcasts, events), and each is handled once',
    { timeout: 120_000 },
    async () => {
      const port = await freePort();
      hub = await startHubProcess(port, folder);
      const options = { server: `http://127.0.0.1:${port}`, tokenStore: false, offlineTimeoutMs: 60_000 } as const;
      await using receiver = new AgoraClient('Receiver', options);
      await receiver.connect();
      await receiver.registerAgent({ agentType: 'worker', credit: 128 });
      /** How often each was handled to its end, or received. */
      const handled = new Map<string, number>();
      const count = (id: string) => void handled.set(id, (handled.get(id) ?? 0) + 1);
      await receiver.subscribeToMessages('fault.message', {
        concurrency: 128,
        handler: async ({ id, wantsAnswer }) => {
          await new Promise(setImmediate);
          count(id);
          return wantsAnswer ? id : undefined;
        },
      });
      await receiver.subscribeToEvents(['fault.event'], { handler: ({ id }) => count(id) });
      await using sender = new AgoraClient('Sender', options);
      await sender.connect();
      await sender.registerAgent({ agentType: 'worker' });

      const accepted = new Set<string>();
      let wanted = MESSAGES_A_LIFE;
      let reached: () => void = () => undefined;
      let isOver = false;
      let sentCount = 0;
      const sendOne = async (id: string, n: number) => {
        const message = { id, messageType: 'fault.message', payload: {} };
        if (n % 8 === 0) await sender.publishEvent({ id, eventType: 'fault.event', data: {} });
        else if (n % 16 === 1) await sender.broadcast(message);
        else if (n % 8 === 2) {
          const { data } = await sender.sendMessage({ ...message, to: 'Receiver', timeout: 60 });
          expect(data).toBe(id);
        } else await sender.sendMessage({ ...message, to: 'Receiver' });
      };
      const sendAll = async () => {
        while (!isOver) {
          const id = createId();
          await sendOne(id, sentCount++);
          accepted.add(id);
          if (accepted.size >= wanted) reached();
        }
      };
      const senders = Array.from({ length: SENDERS }, sendAll);
      for (let kill = 0; kill < KILLS; kill++) {
        await new Promise<void>(resolve => (reached = resolve));
        hub.kill('SIGKILL');
        hub = await startHubProcess(port, folder);
        wanted = accepted.size + MESSAGES_A_LIFE;
      }
      await new Promise<void>(resolve => (reached = resolve));
      isOver = true;
      await Promise.all(senders);

      await expect.poll(() => [...accepted].filter(id => !handled.has(id)), { timeout: 20_000 }).toEqual([]);
      expect([...handled].filter(([, times]) => times !== 1)).toEqual([]);
      expect(accepted.size).toBeGreaterThan(KILLS * MESSAGES_A_LIFE);
      hub.kill('SIGINT');
      await once(hub, 'exit');
    },
  );
});
