// Long answers are compressed for clients that accept it, in order; long requests arrive whole.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { bundleModule } from '../guest/testing/bundle-module.ts';
import { startHost, type Host, type HostOptions } from '../host.ts';
import { BsatnReader } from '../sats/reader.ts';
import { BsatnWriter } from '../sats/writer.ts';

const bundle = new TextEncoder().encode(
  bundleModule(`
    import { schema, table, t } from 'spacetimedb/server';
    const text = table({ public: true }, { id: t.u32().primaryKey(), body: t.string() });
    const db = schema({ text });
    export default db;
    export const put = db.reducer({ id: t.u32(), body: t.string() }, (ctx, row) => { ctx.db.text.insert(row); });
  `),
);
const LONG = 'a sentence that comes again and again. '.repeat(300_000); // 11.7 MB

let host: Host;
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await host.close();
});

async function start(options: HostOptions): Promise<void> {
  host = await startHost(options);
  await host.publish('texts', bundle);
}

async function connect(query: string): Promise<{ socket: WebSocket; heardBytes: () => number }> {
  const url = `${host.url.replace('http', 'ws')}/v1/database/texts/subscribe?${query}`;
  const socket = new WebSocket(url, ['v2.bsatn.spacetimedb'], { maxPayload: 0 });
  sockets.push(socket);
  const [upgrade] = await Promise.all([once(socket, 'upgrade'), once(socket, 'message')]);
  const [response] = upgrade as [{ socket: Socket }];
  return { socket, heardBytes: () => response.socket.bytesRead };
}

function put(id: number, body: string): Uint8Array {
  const args = new BsatnWriter().u32(id).string(body).finish();
  return new BsatnWriter().u8(3).u32(id).u8(0).string('put').byteArray(args).finish();
}

/** The request ids of the next answers, in the order of arrival. */
async function answered(socket: WebSocket, count: number): Promise<number[]> {
  const requests: number[] = [];
  const done = new Promise<void>(resolve => {
    socket.on('message', (frame: Buffer) => {
      const reader = new BsatnReader(frame);
      expect(reader.u8()).toBe(0); // nothing is packed inside of a frame
      reader.u8();
      if (requests.push(reader.u32()) === count) resolve();
    });
  });
  await done;
  return requests;
}

describe.each([
  { compression: 'always', query: 'compression=Gzip', isPacked: true },
  { compression: 'always', query: 'compression=Brotli', isPacked: true },
  { compression: 'always', query: '', isPacked: true },
  { compression: 'always', query: 'compression=None', isPacked: false },
  { compression: 'elsewhere', query: 'compression=Gzip', isPacked: false },
  { compression: 'never', query: 'compression=Gzip', isPacked: false },
] as const)(
  'with $compression, a client on this machine that asks for "$query"',
  ({ compression, query, isPacked }) => {
    test(`receives long answers ${isPacked ? 'compressed' : 'plain'}, before the short ones that follow`, async () => {
      await start({ compression, limits: { maxNewcomerFrameBytes: 32 * 1024 * 1024 } });
      const { socket, heardBytes } = await connect(query);
      socket.send(put(1, LONG));
      expect(await answered(socket, 1)).toEqual([1]);
      const before = heardBytes();
      const order = answered(socket, 4);
      socket.send(new BsatnWriter().u8(0).u32(2).u32(1).u32(1).string('SELECT * FROM text').finish());
      socket.send(put(3, 'short'));
      socket.send(new BsatnWriter().u8(2).u32(4).string('SELECT * FROM text').finish());
      socket.send(put(5, 'short'));
      expect(await order).toEqual([2, 3, 4, 5]);
      if (isPacked) expect(heardBytes() - before).toBeLessThan(LONG.length / 10);
      else expect(heardBytes() - before).toBeGreaterThan(2 * LONG.length);
    });
  },
);

test('a request beyond the limit after decompression ends its connection, and no other', async () => {
  await start({ compression: 'always', limits: { maxFrameBytes: 1024 * 1024 } });
  const { socket } = await connect('');
  const other = await connect('');
  const closed = once(socket, 'close');
  socket.send(put(1, LONG));
  expect((await closed)[0]).toBe(1009);
  other.socket.send(put(2, 'short'));
  expect(await answered(other.socket, 1)).toEqual([2]);
});
