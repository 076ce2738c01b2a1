import { describe, expect, test } from 'vitest';
import { AgoraError } from '../base/errors.ts';
import type { Session } from '../connection/session.ts';
import { Mail, type MailParts } from './mail.ts';

/** A hub that has shown `shown` offers, and a client that has seen `seen` of them. */
function aScene() {
  const scene = { shown: 3n, seen: 0n, unclaimed: 0, base: 3n, idle: 0, asked: 0 };
  const session = {} as Session; // only compared
  const call: MailParts['connection']['call'] = what => {
    if (what === 'wake_state') {
      scene.asked++;
      return Promise.resolve({ isIdle: false, lastOffer: scene.base, lastBroadcast: 0n } as never);
    }
    const last = scene.seen > scene.base ? scene.seen : scene.base;
    if (scene.shown > last) return Promise.reject(new AgoraError('agent/has-mail', 'look again'));
    scene.idle++;
    return Promise.resolve(undefined as never);
  };
  const mail = new Mail({
    connection: { call, session, ready: () => Promise.resolve(session) },
    dispatcher: {
      hasConsumers: false,
      get unclaimed() {
        return scene.unclaimed;
      },
      keepMail: () => undefined,
      read: () => Promise.resolve(),
      takeMail: () => [],
    },
    agent: () => 1n,
    lastOffer: () => scene.seen,
    lastBroadcast: () => 0n,
    listen: () => Promise.resolve(),
  });
  return { scene, mail };
}

describe('waiting for mail', () => {
  test('ends immediately if there is some, without a call', async () => {
    const { scene, mail } = aScene();
    scene.unclaimed = 1;
    expect(await mail.waitForMail({})).toBe(true);
    expect([scene.asked, scene.idle]).toEqual([0, 0]);
  });

  test('I1: goes idle with the offers of before this session as seen, until mail arrives', async () => {
    const { scene, mail } = aScene();
    const waiting = mail.waitForMail({});
    while (scene.idle === 0) await Promise.resolve();
    mail.arrived();
    expect(await waiting).toBe(true);
    expect([scene.asked, scene.idle]).toEqual([1, 1]);
  });

  test('ends when the hub refuses, and the next call reads the wake state again', async () => {
    const { scene, mail } = aScene();
    scene.shown = 4n;
    expect(await mail.waitForMail({})).toBe(true);
    // The offer was taken back before the client saw it.
    scene.base = 4n;
    expect(await mail.waitForMail({ timeoutMs: 5 })).toBe(false);
    expect([scene.asked, scene.idle]).toEqual([2, 1]);
  });

  test('ends when its signal aborts, before or during the wait', async () => {
    const { mail } = aScene();
    const controller = new AbortController();
    const waiting = mail.waitForMail({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(mail.takeMail({ limit: 0 })).rejects.toMatchObject({ code: 'client/bad-option' });
  });
});
