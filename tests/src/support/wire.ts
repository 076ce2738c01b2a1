// A wire between a client and a hub that can be cut and mended.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A stretch of network that a test can interrupt; disposing of it closes it. */
export interface Wire extends AsyncDisposable {
  /** Where the hub seems to be. */
  readonly url: string;
  /** Ends what is open, and lets nothing through until `mend`. */
  cut(): void;
  mend(): void;
  /** From now on nothing gets through in either direction, and nobody is told. */
  freeze(): void;
  /** From now on cuts each WebSocket that long after its upgrade. Calls `upgraded` for each one. */
  dropWebSockets(afterMs: number, upgraded: () => void): void;
}

/** Opens a wire to the hub at `target`. */
export async function openWire(target: string): Promise<Wire> {
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
    // A server that listens on a port has an address with one.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    mend: () => (isCut = false),
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
