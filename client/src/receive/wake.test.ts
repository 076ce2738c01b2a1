import { describe, expect, it } from 'vitest';
import { AgoraError } from '../base/errors.ts';
import type { Session } from '../connection/session.ts';
import { Wake, type WakeParts } from './wake.ts';

/** A hub that has shown `shown` offers, and a client that has seen `seen`. */
function aScene() {
  const scene = { shown: 3n, seen: 0n, unclaimed: 0, base: 3n, idle: 0, asked: 0 };
  const session = {} as Session; // told apart, and no more
  const call: WakeParts['connection']['call'] = what => {
    if (what === 'wake_state') {
      scene.asked++;
      return Promise.resolve({ isIdle: false, lastOffer: scene.base, lastBroadcast: 0n } as never);
    }
    const last = scene.seen > scene.base ? scene.seen : scene.base;
    if (scene.shown > last) return Promise.reject(new AgoraError('agent/has-mail', 'look again'));
    scene.idle++;
    return Promise.resolve(undefined as never);
  };
  const wake = new Wake({
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
  return { scene, wake };
}

describe('waiting for mail', () => {
  it('is over at once when there is some, and asks nobody', async () => {
    const { scene, wake } = aScene();
    scene.unclaimed = 1;
    expect(await wake.waitForMail({})).toBe(true);
    expect([scene.asked, scene.idle]).toEqual([0, 0]);
  });

  it('goes idle, with what was shown before this session counted as seen, until something comes', async () => {
    const { scene, wake } = aScene();
    const waiting = wake.waitForMail({});
    while (scene.idle === 0) await Promise.resolve();
    wake.wake();
    expect(await waiting).toBe(true);
    expect([scene.asked, scene.idle]).toEqual([1, 1]);
  });

  it('is over when the hub refuses, and asks anew what was shown', async () => {
    const { scene, wake } = aScene();
    scene.shown = 4n;
    expect(await wake.waitForMail({})).toBe(true);
    // It was taken back before the client saw it.
    scene.base = 4n;
    expect(await wake.waitForMail({ timeoutMs: 5 })).toBe(false);
    expect([scene.asked, scene.idle]).toEqual([2, 1]);
  });

  it('ends with its signal, whenever that comes', async () => {
    const { wake } = aScene();
    const controller = new AbortController();
    const waiting = wake.waitForMail({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(wake.takeMail({ limit: 0 })).rejects.toMatchObject({ code: 'client/bad-option' });
  });
});
