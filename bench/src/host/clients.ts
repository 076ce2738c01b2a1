// Many minimal WebSocket clients in one process, so that the figures show the host and not a library.

import { once } from 'node:events';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { servePart } from '../part.ts';
import { CALLS, callLoops, text, u32 } from './calls.ts';

/** One message per frame, so that each frame is one response. */
const PROTOCOL = 'v2.bsatn.spacetimedb';
/** Connections that are opened in parallel. */
const OPENING = 64;

const SUBSCRIBE = 0;
const CALL_REDUCER = 3;

let sockets: WebSocket[] = [];

function callFrame(request: number, reducer: string, args: Buffer): Buffer {
  return Buffer.concat([Buffer.from([CALL_REDUCER]), u32(request), Buffer.from([0]), text(reducer), text(args)]);
}

/** Sends a request and waits for the frame that answers it. */
async function ask(socket: WebSocket, frame: Buffer): Promise<Buffer> {
  const answered = once(socket, 'message') as Promise<[Buffer]>; // `nodebuffer` gives one Buffer per message
  socket.send(frame);
  return (await answered)[0];
}

async function open(url: string): Promise<WebSocket> {
  const query = 'compression=None&confirmed=true';
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/database/bench/subscribe?${query}`, [PROTOCOL]);
  await once(socket, 'message');
  socket.setMaxListeners(0);
  return socket;
}

servePart({
  /** Opens connections until there are `count`. */
  async connect(argument) {
    const { url, count } = z.object({ url: z.string(), count: z.number() }).parse(argument);
    while (sockets.length < count) {
      const next = Array.from({ length: Math.min(OPENING, count - sockets.length) }, () => open(url));
      sockets = sockets.concat(await Promise.all(next));
    }
  },
  /** Calls on each connection, one after the other. */
  async call(argument) {
    const { reducer, seconds } = z.object({ reducer: z.string(), seconds: z.number() }).parse(argument);
    const what = CALLS.find(each => each.reducer === reducer);
    if (!what) throw new Error(`no such call: ${reducer}`);
    return callLoops(sockets.length, seconds, async (caller, at) => {
      const socket = sockets[caller];
      if (!socket) throw new Error('there is a connection for each caller');
      await ask(socket, callFrame(at, reducer, what.args(at)));
    });
  },
  /** Subscribes every connection to a table. */
  async subscribe() {
    const frame = Buffer.concat([Buffer.from([SUBSCRIBE]), u32(0, 1, 1), text('SELECT * FROM tick')]);
    await Promise.all(sockets.map(socket => ask(socket, frame)));
  },
  /** Commits on the first connection; returns for each commit the time until the last connection has received it. */
  async ring(argument) {
    const times = z.number().parse(argument);
    const [caller] = sockets;
    if (!caller) throw new Error('there is a connection');
    const latencies: number[] = [];
    let received = 0;
    for (let number = 1; number <= times; number++) {
      const at = performance.now();
      const updates = sockets.map(async socket => {
        await once(socket, 'message');
        received++;
      });
      caller.send(callFrame(number, 'ring', u32(number)));
      await Promise.all(updates);
      latencies.push(performance.now() - at);
    }
    return { latencies, received };
  },
  stop() {
    for (const socket of sockets) socket.terminate();
  },
});
