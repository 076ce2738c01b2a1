// A WebSocket client that sends any bytes, also those that a library would not send, and that need not read.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const OPCODES = { continuation: 0x0, binary: 0x2, pong: 0xa } as const;

/** One open connection. */
export class RawSocket {
  readonly #socket: Socket;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<unknown>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = new Promise(resolve => socket.once('close', resolve));
  }

  /** Connects to the database `agora`; undefined if the hub refuses or drops it. */
  static async open(url: string, token: string | undefined): Promise<RawSocket | undefined> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    const lines = [
      'GET /v1/database/agora/subscribe?compression=None HTTP/1.1',
      `Host: ${hostname}:${port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol: v3.bsatn.spacetimedb',
      ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    const isOpen = await Promise.race([
      once(socket, 'data').then(
        ([data]) => String(data).startsWith('HTTP/1.1 101'),
        () => false,
      ),
      once(socket, 'close').then(
        () => false,
        () => false,
      ),
    ]);
    if (isOpen) return new RawSocket(socket.resume());
    socket.destroy();
    return undefined;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Sends one frame, and waits until the socket has room for the next. */
  async send(bytes: Uint8Array, { isFirst = true, isLast = true } = {}): Promise<void> {
    const opcode = isFirst ? OPCODES.binary : OPCODES.continuation;
    const head = Buffer.alloc(14);
    head[0] = (isLast ? 0x80 : 0) | opcode;
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(bytes.length), 2); // the mask stays zero: it changes no byte
    if (!this.isOpen) return;
    this.#socket.write(head);
    if (this.#socket.write(bytes)) return;
    await Promise.race([new Promise(resolve => this.#socket.once('drain', resolve)), this.ended]);
  }

  /** Stops reading. */
  pause(): void {
    this.#socket.pause();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
