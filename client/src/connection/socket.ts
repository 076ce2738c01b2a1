// The WebSocket below the SDK. It requests uncompressed frames and delivers them in order of arrival: the adapter of the SDK
// decompresses each frame in its own promise, so that a later frame can overtake a compressed one.

import type { DbConnection } from '@agora/bindings';
import type { WebSocketConstructor, WebSocketLike } from './web-socket-like.ts';

/** Socket factory in the form that the SDK expects. */
export type SocketFactory = Parameters<ReturnType<typeof DbConnection.builder>['withWSFn']>[0];
type Adapter = Awaited<ReturnType<SocketFactory>>;

/** The first byte of a frame is its compression; 0 is none. */
const PLAIN = 0;

/**
 * Returns a factory of sockets to `url`. `failed` receives what the SDK throws while it reads a frame, for example a row of a
 * newer hub: thrown out of `onmessage` it would end the process, or stop the socket of the package `ws`.
 */
export function socketFactory(Socket: WebSocketConstructor, url: URL, failed: (error: unknown) => void): SocketFactory {
  return ({ wsProtocol }) => {
    const socket = new Socket(url.href, wsProtocol);
    socket.binaryType = 'arraybuffer';
    return Promise.resolve(new PlainSocket(socket, failed));
  };
}

class PlainSocket implements Adapter {
  readonly #socket: WebSocketLike;
  readonly #failed: (error: unknown) => void;

  constructor(socket: WebSocketLike, failed: (error: unknown) => void) {
    this.#socket = socket;
    this.#failed = failed;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  set onopen(handler: Adapter['onopen']) {
    this.#socket.onopen = handler;
  }

  set onclose(handler: Adapter['onclose']) {
    this.#socket.onclose = handler;
  }

  set onerror(handler: Adapter['onerror']) {
    this.#socket.onerror = handler;
  }

  set onmessage(handler: Adapter['onmessage']) {
    this.#socket.onmessage = ({ data }: { readonly data: unknown }) => {
      // The frame breaks the agreed protocol, so the connection cannot be used.
      if (!(data instanceof ArrayBuffer) || new Uint8Array(data, 0, 1)[0] !== PLAIN) return this.#socket.close();
      try {
        handler({ data: new Uint8Array(data, 1) });
      } catch (error) {
        this.#failed(error);
        this.#socket.close();
      }
    };
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  close(): void {
    this.#socket.close();
  }
}

/** Returns the URL of the socket of a database. */
export function socketUrl(
  server: URL,
  database: string,
  options: { readonly token?: string; readonly durable: boolean },
): URL {
  const url = new URL(`v1/database/${database}/subscribe`, server);
  url.protocol = server.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('compression', 'None');
  url.searchParams.set('confirmed', String(options.durable));
  if (options.token !== undefined) url.searchParams.set('token', options.token);
  return url;
}
