// The socket of a session: swaps the token for a short-lived one, since a browser can only send it in the address.

import type { DbConnection } from '@agora/bindings';
import { Refusal } from './refusal.ts';

type Factory = Parameters<ReturnType<typeof DbConnection.builder>['withWSFn']>[0];
type Adapter = Awaited<ReturnType<Factory>>;

/** Address of a database. */
export interface HubAddress {
  /** With a slash at its end, so that a path of a proxy is kept. */
  readonly base: URL;
  readonly database: string;
}

/** Swaps a token for a short-lived one. Throws a `Refusal`: `connection/bad-token`, `connection/refused`. */
export async function swapToken({ base }: HubAddress, token: string): Promise<string> {
  const response = await fetch(new URL('v1/identity/websocket-token', base), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => {
    throw new Refusal('connection/refused', 'The hub does not answer.', { cause });
  });
  if ([400, 401, 403].includes(response.status)) {
    throw new Refusal('connection/bad-token', 'The hub does not accept this token. Sign in again.');
  }
  const answer: unknown = await response.json().catch(() => undefined);
  const swapped = typeof answer === 'object' && answer !== null && 'token' in answer ? answer.token : undefined;
  if (typeof swapped === 'string') return swapped;
  throw new Refusal('connection/failed', `The hub answered with ${response.status}.`);
}

/** Returns why a socket was closed before its first message: a query passes the same admission. */
export async function explainClose({ base, database }: HubAddress, token: string): Promise<Refusal> {
  try {
    const response = await fetch(new URL(`v1/database/${encodeURIComponent(database)}/sql`, base), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: 'SELECT * FROM agent WHERE id = 0',
    });
    const text = (await response.text()).trim();
    if (response.status === 403) return new Refusal('hub/not-admitted', text || 'This hub is closed.');
    if (response.status === 404) return new Refusal('connection/no-database', `There is no database "${database}".`);
    return new Refusal('connection/failed', 'The hub closed the connection.');
  } catch (cause) {
    return new Refusal('connection/refused', 'The hub does not answer.', { cause });
  }
}

/** Returns a factory of sockets for the SDK. Frames are plain: the SDK would deliver compressed ones out of order. */
export function socketFactory({ base, database }: HubAddress, token: string, failed: () => void): Factory {
  return ({ wsProtocol }) => {
    const url = new URL(`v1/database/${encodeURIComponent(database)}/subscribe`, base);
    url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
    url.search = new URLSearchParams({ compression: 'None', token }).toString();
    const socket = new WebSocket(url, wsProtocol);
    socket.binaryType = 'arraybuffer';
    return Promise.resolve(new PlainSocket(socket, failed));
  };
}

class PlainSocket implements Adapter {
  readonly #socket: WebSocket;
  readonly #failed: () => void;

  constructor(socket: WebSocket, failed: () => void) {
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
    this.#socket.onerror = () => handler(new ErrorEvent('error'));
  }
  set onmessage(handler: Adapter['onmessage']) {
    this.#socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!(data instanceof ArrayBuffer)) return this.#socket.close();
      try {
        // The first byte is the compression: none.
        handler({ data: new Uint8Array(data, 1) });
      } catch {
        // A row of another version: the page cannot go on with this connection.
        this.#failed();
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
