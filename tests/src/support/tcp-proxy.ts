// A TCP proxy between a client and a hub that can cut and restore the connection.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy that a test can interrupt; disposing of it closes it. */
export interface TcpProxy extends AsyncDisposable {
  /** The address for clients. */
  readonly url: string;
  /** Ends all connections, and refuses others until `restore`. */
  cut(): void;
  restore(): void;
  /** From now on no data passes in either direction, and no end is signalled. */
  freeze(): void;
  /** From now on cuts each WebSocket that long after its upgrade. Calls `upgraded` for each one. */
  dropWebSockets(afterMs: number, upgraded: () => void): void;
}

/** Opens a proxy to the hub at `target`. */
export async function openTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isCut = false;
  let dropped: { readonly afterMs: number; readonly upgraded: () => void } | undefined;
  const server = createServer(near => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    const ends = [near, far] as const;
    for (const end of ends) {
      sockets.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        sockets.delete(end);
        for (const each of ends) each.destroy();
      });
    }
    // The answer to an upgrade is the first that comes on its connection, since clients open one for each WebSocket.
    far.once('data', (answer: Buffer) => {
      if (!dropped || !answer.toString('latin1').startsWith('HTTP/1.1 101')) return;
      dropped.upgraded();
      setTimeout(() => near.destroy(), dropped.afterMs);
    });
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    // a server on a TCP port has such an address
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    restore: () => (isCut = false),
    freeze() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    dropWebSockets(afterMs, upgraded) {
      dropped = { afterMs, upgraded };
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
