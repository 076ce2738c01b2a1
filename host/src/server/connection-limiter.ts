// Connection limits: counts the sockets of a host, and refuses those beyond the limits with 503 and a sentence.

import type { Server, Socket } from 'node:net';
import type { ServerLimits } from './host-limits.ts';

/** Limits the open sockets of a host, in total and for each address. */
export class ConnectionLimiter {
  readonly #limits: Pick<ServerLimits, 'maxConnections' | 'maxConnectionsPerAddress'>;
  readonly #perAddress = new Map<string, number>();
  #count = 0;
  #refused = 0;

  constructor(server: Server, limits: Pick<ServerLimits, 'maxConnections' | 'maxConnectionsPerAddress'>) {
    this.#limits = limits;
    // Before the listener of the HTTP server, which starts to read.
    server.prependListener('connection', (socket: Socket) => this.#admit(socket));
  }

  /** Number of open sockets. */
  get count(): number {
    return this.#count;
  }
  /** Number of sockets refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  #admit(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    const ofAddress = (this.#perAddress.get(address) ?? 0) + 1;
    this.#count++;
    this.#perAddress.set(address, ofAddress);
    socket.once('close', () => this.#forget(address));
    if (this.#count > maxConnections) refuse(socket, `this host takes ${maxConnections} connections`);
    else if (ofAddress > maxConnectionsPerAddress) {
      refuse(socket, `this host takes ${maxConnectionsPerAddress} connections from one address`);
    } else return;
    this.#refused++;
  }

  #forget(address: string): void {
    this.#count--;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }
}

function refuse(socket: Socket, sentence: string): void {
  const head = ['HTTP/1.1 503 Service Unavailable', 'content-type: text/plain; charset=utf-8', 'connection: close'];
  socket.on('error', () => undefined);
  socket.write(`${[...head, `content-length: ${sentence.length}`].join('\r\n')}\r\n\r\n${sentence}`);
  socket.destroySoon();
}
