// A WebSocket client that buffers received messages until they are read.

import { WebSocket } from 'ws';
import { encode, type Type, type Value } from './bsatn.ts';
import { encodeRequest, readMessages, unwrap, type Request, type RowTypes } from './messages.ts';

const HANDSHAKE_TIMEOUT_MS = 8000;

export interface ClientOptions {
  readonly index: number;
  readonly label: string;
  readonly url: string;
  readonly protocols: readonly string[];
  readonly types: () => RowTypes;
}

export class Client {
  readonly index: number;
  readonly label: string;
  readonly socket: WebSocket;
  /** Resolves when the connection is open or will never be. */
  readonly opened: Promise<void>;
  state: 'connecting' | 'open' | 'refused' | 'closed' = 'connecting';
  /** The token from the server. */
  token = '';
  /** Numbers of requests without an answer yet, and the greeting. */
  readonly unanswered = new Set<number | 'InitialConnection'>();
  readonly #types: () => RowTypes;
  readonly #compression: string;
  #inbox: Value[] = [];
  #nextRequest = 0;
  #wake: () => void = () => undefined;

  constructor({ index, label, url, protocols, types }: ClientOptions) {
    this.index = index;
    this.label = label;
    this.#types = types;
    this.#compression = (/compression=(\w+)/.exec(url)?.[1] ?? 'Brotli').toLowerCase();
    this.socket = new WebSocket(url, [...protocols], {
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.opened = new Promise(resolve => this.#listen(resolve));
  }

  /** Returns the messages received since the last call. */
  takeInbox(): Value[] {
    const received = this.#inbox;
    this.#inbox = [];
    return received;
  }

  /** Sends a request; its number is pending until its answer arrives. */
  send(...requests: readonly Request[]): void {
    const frames = requests.map(request => {
      const id = this.#nextRequest++;
      this.unanswered.add(id);
      return encodeRequest(id, request);
    });
    this.socket.send(Buffer.concat(frames));
  }

  /** Resolves when no request is pending, the connection has ended, or `limitMs` have passed. */
  async answered(limitMs: number): Promise<void> {
    const until = Date.now() + limitMs;
    while (this.state === 'open' && this.unanswered.size > 0 && Date.now() < until) await this.#change(until);
  }

  /** Resolves when all that the server had sent to this client was read: frames keep their order, and a pong is one. */
  async drained(limitMs: number): Promise<void> {
    if (!this.isOpen) return;
    if (this.socket.readyState !== WebSocket.OPEN) {
      await this.closed(limitMs);
      return;
    }
    let isBack = false;
    this.socket.once('pong', () => {
      isBack = true;
      this.#wake();
    });
    this.socket.ping();
    const until = Date.now() + limitMs;
    while (!isBack && this.isOpen && Date.now() < until) await this.#change(until);
  }

  /** Resolves when the connection is over. */
  async closed(limitMs: number): Promise<void> {
    const until = Date.now() + limitMs;
    while (this.isOpen && Date.now() < until) await this.#change(until);
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  #change(until: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, Math.max(0, until - Date.now()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #hear(message: Value): void {
    this.#inbox.push(message);
    this.#wake();
  }

  #listen(opened: () => void): void {
    const { socket } = this;
    socket.on('open', () => {
      this.state = 'open';
      this.unanswered.add('InitialConnection');
      this.#hear({ open: socket.protocol });
      opened();
    });
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (part: Buffer) => (body += part.toString()));
      response.on('end', () => {
        this.state = 'refused';
        this.#hear({ refused: response.statusCode ?? 0, body });
        opened();
      });
    });
    socket.on('error', () => opened());
    socket.on('message', (data, isBinary) => this.#read(data as Buffer, isBinary));
    socket.on('close', (code, reason) => {
      this.state = 'closed';
      this.#hear({ closed: code, reason: reason.toString() });
    });
  }

  #read(data: Buffer, isBinary: boolean): void {
    if (!isBinary) {
      this.#hear({ text: data.toString() });
      return;
    }
    try {
      const { compression, body } = unwrap(data);
      const messages = readMessages(body, this.#types());
      if (compression !== 'none' && compression !== this.#compression) this.#hear({ compression });
      if (messages.length !== 1 && this.socket.protocol.startsWith('v2')) {
        this.#hear({ messagesInOneFrame: messages.length });
      }
      for (const { kind, request, shown } of messages) {
        if (kind === 'InitialConnection') {
          this.token = tokenOf(shown);
          this.unanswered.delete('InitialConnection');
        }
        if (request !== undefined) this.unanswered.delete(request);
        this.#hear(shown);
      }
    } catch (error) {
      this.#hear({ undecodable: data.toString('hex').slice(0, 400), why: String(error) });
    }
  }
}

/** The arguments of a call. */
export function args(...pairs: readonly (readonly [Type, Value])[]): Buffer {
  return encode(...pairs);
}

function tokenOf(initialConnection: Value): string {
  const text = JSON.stringify(initialConnection, (_key, part: unknown) =>
    typeof part === 'bigint' ? String(part) : part,
  );
  return /"token":\{"token":"([^"]*)"\}/.exec(text)?.[1] ?? '';
}
