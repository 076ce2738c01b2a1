// An event loop that did not run for long is a warning: first that messages will be taken back, then that they may have been.

import { expect, test, vi } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub } from '../support/hub.ts';

test('a blocked event loop is warned about, before and when messages are taken back', async () => {
  await using hub = await startTestHub();
  const worker = await hub.join('Worker');
  const warnings = new Received<string>();
  worker.on('warning', ({ code, message }) => warnings.add(`${code}: ${message}`));
  const real = performance.now.bind(performance);
  let blockedMs = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => real() + blockedMs);
  blockedMs += 20_000;
  expect(await warnings.first()).toMatch(/^client\/loop-blocked: .* 20 s: after about 45 s .* worker thread$/);
  blockedMs += 60_000;
  expect((await warnings.atLeast(2))[1]).toMatch(/ 60 s: the hub may have given its messages to others/);
  clock.mockRestore();
});
