// A proxy before a hub that counts WebSocket messages and cuts the connection at one of them.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer, type RawData } from 'ws';

/** The moment of the cut: after a message has arrived, or instead of its arrival. */
export type Cut = 'after' | 'instead';

/** A proxy; disposing of it closes it. */
export interface MessageProxy extends AsyncDisposable {
  /** The address for clients. */
  readonly url: string;
  /** The number of messages in both directions since `cutAt`. */
  readonly passed: number;
  /** Cuts the connection once, at that message counted from now. */
  cutAt(message: number, cut: Cut): void;
}

/** Opens a proxy to the hub at `target`. */
export async function openMessageProxy(target: string): Promise<MessageProxy> {
  let passed = 0;
  let at = Infinity;
  let how: Cut = 'after';
  const sockets = new Set<WebSocket>();
  const server = createServer((request, response) => void forward(target, request, response));
  const upgrades = new WebSocketServer({ noServer: true, handleProtocols: ([first]) => first ?? false });
  server.on('upgrade', (request, socket, head) => {
    upgrades.handleUpgrade(request, socket, head, near => {
      const far = new WebSocket(new URL(request.url ?? '/', target.replace('http', 'ws')), [near.protocol]);
      const opened = once(far, 'open');
      opened.catch(() => near.terminate());
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.on('error', () => undefined);
        from.on('close', () => {
          sockets.delete(from);
          to.close();
        });
        from.on('message', (data, isBinary) => {
          passed++;
          if (passed < at) return void carry(data, isBinary, to, opened);
          if (passed > at) return; // the connection is cut
          if (how === 'after') void carry(data, isBinary, to, opened).then(() => cut(from, to));
          else cut(from, to);
        });
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on TCP
    get passed() {
      return passed;
    },
    cutAt(message, cut) {
      passed = 0;
      at = message;
      how = cut;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  /** Data sent to `to` still arrives there; no more comes from `from`. */
  function cut(from: WebSocket, to: WebSocket): void {
    at = Infinity;
    from.removeAllListeners('message');
    to.removeAllListeners('message');
    to.close();
    from.terminate();
  }
}

async function carry(data: RawData, isBinary: boolean, to: WebSocket, opened: Promise<unknown>): Promise<void> {
  if (to.readyState === WebSocket.CONNECTING) await opened;
  if (to.readyState === WebSocket.OPEN) to.send(data as Buffer, { binary: isBinary }); // one buffer: the default of `ws`
}

async function forward(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body: Buffer[] = [];
  for await (const chunk of request) body.push(chunk as Buffer);
  const { authorization } = request.headers;
  const answer = await fetch(new URL(request.url ?? '/', target), {
    method: request.method ?? 'GET',
    headers: { ...(authorization !== undefined && { authorization }) },
    ...(body.length > 0 && { body: Buffer.concat(body) }),
  });
  response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
}
