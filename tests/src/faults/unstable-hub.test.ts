// A hub that accepts every connection and drops it 60 ms later: the client backs off, and gives up in the end.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const HELD_MS = 60;

let hub: TestHub;
let proxy: TcpProxy;

beforeEach(async () => {
  hub = await startTestHub();
  proxy = await openTcpProxy(hub.url);
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

test('pauses between connections grow while each one is dropped', async () => {
  const reconnect = { firstMs: 40, maxMs: 640 };
  await hub.join('Dropped', {}, { server: proxy.url, reconnect });
  const upgrades = new Received<number>();

  proxy.dropWebSockets(HELD_MS, () => upgrades.add(performance.now()));
  const times = await upgrades.atLeast(7);

  // The first pause follows the first loss, before the first upgrade that is counted.
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  const shortest = gaps.map((_, at) => Math.min(reconnect.maxMs, reconnect.firstMs * 2 ** (at + 1)) / 2);
  for (const [at, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(shortest[at] ?? 0);
});

test('the client gives up when no connection was stable for `giveUpAfterMs`', async () => {
  const client = await hub.join(
    'GivenUp',
    {},
    { server: proxy.url, reconnect: { firstMs: 10, maxMs: 50 }, giveUpAfterMs: 500 },
  );
  const states = new Received<string>();
  const closed = new Promise<unknown>(resolve =>
    client.on('connection', ({ state, error }) => {
      states.add(state);
      if (state === 'closed') resolve(error);
    }),
  );

  proxy.dropWebSockets(HELD_MS, () => undefined);

  expect(await closed).toMatchObject({ name: 'ConnectionError', code: 'connection/lost' });
  // It was connected again and again: only the time since the first loss ended it.
  expect(states.items.filter(state => state === 'connected').length).toBeGreaterThan(1);
});
