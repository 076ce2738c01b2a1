import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { BsatnWriter } from '../sats/writer.ts';
import type { ClientMessage } from '../wire/client-message.ts';
import { BulkReads } from './bulk-reads.ts';
import { Connection, DEFAULT_LIMITS, type ConnectionLimits } from './connection.ts';
import { MemoryBudget } from './memory-budget.ts';

interface Pair extends AsyncDisposable {
  readonly client: WebSocket;
  /** The host's end of it. */
  readonly socket: WebSocket;
  readonly connection: Connection;
  readonly served: ClientMessage[];
  /** Serves the requests that the connection hands out, while there is room. */
  readonly serve: () => void;
  /** The drop reason, once the connection has ended. */
  readonly ended: Promise<string | undefined>;
  /** The close code and reason that the client received. */
  readonly closed: Promise<readonly [code: number, reason: string]>;
}

const pairs: Pair[] = [];
afterEach(async () => {
  for (const pair of pairs.splice(0)) await pair[Symbol.asyncDispose]();
});

/** A client and the host's connection to it; each request is answered by `answer`. */
async function openPair(
  answer: (connection: Connection, message: ClientMessage) => void = () => undefined,
  limits: Partial<ConnectionLimits> = {},
  hasRoom: () => boolean = () => true,
): Promise<Pair> {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const arrived = once(sockets, 'connection') as Promise<[WebSocket]>;
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  const [socket] = await arrived;
  await once(client, 'open');
  const served: ClientMessage[] = [];
  let onEnded: (reason: string | undefined) => void = () => undefined;
  const ended = new Promise<string | undefined>(resolve => (onEnded = resolve));
  const closed = once(client, 'close').then(([code, reason]) => [code as number, String(reason)] as const);
  const connection: Connection = new Connection(
    socket,
    'v3.bsatn.spacetimedb',
    {
      onReadable: () => serve(),
      onQueued: () => undefined,
      onClosed: reason => onEnded(reason),
    },
    { ...DEFAULT_LIMITS, ...limits },
    { memory: new MemoryBudget(Infinity), bulkReads: new BulkReads() },
  );
  const serve = () => {
    while (connection.hasRequest && hasRoom()) {
      const request = connection.takeRequest();
      served.push(request);
      answer(connection, request);
    }
  };
  const pair: Pair = {
    client,
    socket,
    connection,
    served,
    serve,
    ended,
    closed,
    async [Symbol.asyncDispose]() {
      client.terminate();
      sockets.close();
      http.closeAllConnections();
      await new Promise(resolve => http.close(resolve));
    },
  };
  pairs.push(pair);
  return pair;
}

/** A frame of one-off queries with these request ids. */
function queries(...ids: readonly number[]): Uint8Array {
  const writer = new BsatnWriter();
  for (const id of ids) writer.u8(2).u32(id).string('SELECT * FROM a');
  return writer.finish();
}

const idsOf = (messages: readonly ClientMessage[]) => messages.map(message => message.requestId);
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

/** Answers with one byte that waits for commit 1. */
const answerLater = (connection: Connection) => {
  connection.writer.u8(1);
  connection.seal(1);
};

describe('a connection', () => {
  test('hands out the requests of frames in their order', async () => {
    const { client, served } = await openPair();
    client.send(queries(0, 1, 2));
    client.send(queries(3));
    await expect.poll(() => idsOf(served)).toEqual([0, 1, 2, 3]);
  });

  test('pauses the socket while large requests wait, and loses none of them', async () => {
    let hasRoom = false;
    const { client, socket, served, serve } = await openPair(undefined, {}, () => hasRoom);
    const large = 'x'.repeat(1024 * 1024);
    for (const id of upTo(32)) client.send(new BsatnWriter().u8(2).u32(id).string(large).finish());
    await expect.poll(() => socket.isPaused).toBe(true);
    expect(served).toEqual([]);
    hasRoom = true;
    serve();
    await expect.poll(() => idsOf(served)).toEqual(upTo(32));
  });

  test.each([
    ['text', 'hello', 'v3 websocket does not support text messages'],
    ['no message', Uint8Array.of(), 'v3 websocket binary payload must contain at least one v2 client message'],
    ['a message with an unknown tag', Uint8Array.of(9), 'unknown tag'],
    ['garbage after a good message', Buffer.concat([queries(1), Uint8Array.of(2, 0)]), 'data too short'],
  ])('closes with 1011 on %s, and serves nothing of it', async (_what, frame, why) => {
    const { client, served, closed } = await openPair();
    client.send(frame);
    const [code, reason] = await closed;
    expect([code, served]).toEqual([1011, []]);
    expect(reason).toContain(why);
  });

  test('closes with 1013 on more requests than may wait', async () => {
    const { client, closed, served } = await openPair(undefined, { maxRequests: 3 });
    client.send(queries(0, 1, 2, 3));
    expect(await closed).toEqual([1013, 'too many requests']);
    expect(served).toEqual([]);
  });

  test('cuts a reason that is too long for a close frame', async () => {
    const { connection, closed } = await openPair();
    connection.close(1011, 'é'.repeat(200));
    expect(await closed).toEqual([1011, 'é'.repeat(61)]);
  });

  test('hands out no requests while their answers wait, and the rest afterwards', async () => {
    const { client, connection, served, ended } = await openPair(answerLater);
    const count = 9000;
    client.send(queries(...upTo(count)));
    await expect.poll(() => served.length).toBeGreaterThan(1000);
    expect(served.length).toBeLessThan(count);

    let received = 0;
    client.on('message', data => (received += (data as Buffer).length - 1));
    await expect
      .poll(() => {
        connection.flush(1);
        return received;
      })
      .toBe(count);
    expect(idsOf(served)).toEqual(upTo(count));
    client.close();
    expect(await ended).toBeUndefined();
  });

  test('drops a client for which too many messages wait', async () => {
    const { connection, ended, closed } = await openPair(undefined, { maxMessages: 10 });
    for (let message = 0; message < 11; message++) answerLater(connection);
    expect(await ended).toMatch(/^slow consumer: more than 10 messages/);
    expect((await closed)[0]).toBe(1006);
  });

  test('drops a client for which too many bytes wait, but accepts one message of any size', async () => {
    const { connection, ended } = await openPair(undefined, { maxBytes: 100 });
    connection.writer.raw(new Uint8Array(1000));
    connection.seal(1);
    expect(connection.isWaiting).toBe(true);
    answerLater(connection);
    expect(await ended).toMatch(/^slow consumer: more than 100 bytes/);
  });
});
