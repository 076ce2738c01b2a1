// One WebSocket: messages in and out, each way with a bound. It knows nothing of databases.
//
// A client is not read any faster than it is served: while its answers wait (for the disk or for the network), its
// requests wait too. What others make it hear cannot be held back, so a client that does not read is dropped.

import { WebSocket, type RawData } from 'ws';
import { BsatnError } from '../sats/reader.ts';
import type { BsatnWriter } from '../sats/writer.ts';
import type { ClientMessage } from '../wire/client-message.ts';
import { MAX_CLIENT_FRAME_BYTES, readClientFrame, type Protocol } from '../wire/frame.ts';
import { SendBuffer } from './send-buffer.ts';

/** How much of one client may wait, and how long it may be silent. */
export interface ConnectionLimits {
  /** Requests; more close the connection with 1013. */
  readonly maxRequests: number;
  /** Messages to the client; more drop it. */
  readonly maxMessages: number;
  /** Bytes to the client, on top of one message of any size; more drop it. */
  readonly maxBytes: number;
  /** One frame of the client; a longer one closes the connection with 1009. */
  readonly maxFrameBytes: number;
  /** Query sets; one more is refused. */
  readonly maxQuerySets: number;
  /** Queries of all its query sets; a query set that would be beyond is refused. */
  readonly maxQueries: number;
  /** How often a client is asked whether it is there. */
  readonly pingEveryMs: number;
  /** A client of which nothing is heard for so long is dropped. */
  readonly silentMs: number;
}

/** The limits of a client where the options of the host set none. */
export const DEFAULT_LIMITS: ConnectionLimits = {
  maxRequests: 16_384,
  maxMessages: 16_384,
  maxBytes: 64 * 1024 * 1024,
  maxFrameBytes: MAX_CLIENT_FRAME_BYTES,
  maxQuerySets: 4096,
  maxQueries: 16_384,
  pingEveryMs: 15_000,
  silentMs: 30_000,
};

/** While this much waits, the client's own requests are not served. */
const BUSY_MESSAGES = 4096;
const BUSY_BYTES = 8 * 1024 * 1024;
/** With this many requests waiting, the socket is not read. */
const BUSY_REQUESTS = 4096;
/** Frames beyond this stay in the buffer, where more messages may join them. */
const SOCKET_BYTES = 1024 * 1024;
/** One client's requests are served for this long before others have their turn. */
const TURN_MS = 20;
const CLOSE_HANDSHAKE_MS = 250;
const MAX_REASON_BYTES = 123;

/** What a connection tells its owner. */
export interface ConnectionOwner {
  /** Requests wait: the owner calls `serve` soon. */
  onReadable(): void;
  /** A request to serve now; the answer goes into the connection. */
  onMessage(message: ClientMessage): void;
  /** Whether more requests may be served now; if not, the owner calls `serve` later. */
  hasRoom(): boolean;
  /** Messages wait to be flushed. */
  onQueued(): void;
  /** The connection is over; called once. `reason` is set if this side dropped it. */
  onClosed(reason: string | undefined): void;
}

/** Reads the messages of one client in order, and writes what it is to hear. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #protocol: Protocol;
  readonly #owner: ConnectionOwner;
  readonly #limits: ConnectionLimits;
  readonly #buffer: SendBuffer;
  #requests: ClientMessage[] = [];
  #nextRequest = 0;
  /** Of the frames that waiting requests came in; counted down when all of them are served. */
  #waitingBytes = 0;
  #isClosing = false;
  #dropReason: string | undefined;
  #heardAt = performance.now();

  constructor(socket: WebSocket, protocol: Protocol, owner: ConnectionOwner, limits: ConnectionLimits) {
    this.#socket = socket;
    this.#protocol = protocol;
    this.#owner = owner;
    this.#limits = limits;
    this.#buffer = new SendBuffer(protocol);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => this.#hear());
    socket.on('ping', () => this.#hear());
    // A broken socket also closes; an oversized or malformed frame is answered by the library.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#isClosing = true;
      this.#requests = [];
      this.#owner.onClosed(this.#dropReason);
    });
  }

  /** Asks the client whether it is there, or drops it if it has not been for too long. */
  check(): void {
    if (this.#isClosing) return;
    const { silentMs } = this.#limits;
    // A client that is not read cannot be heard.
    if (this.#socket.isPaused) this.#hear();
    if (performance.now() - this.#heardAt > silentMs) this.drop(`silent for more than ${silentMs} ms`);
    else if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  /** Whether messages wait, for the disk or for the network. */
  get isWaiting(): boolean {
    return this.#buffer.length > 0 && !this.#isClosing;
  }

  /** Where the next message to the client is written; `seal` ends it. */
  get writer(): BsatnWriter {
    return this.#buffer.writer;
  }

  /** Ends the message just written; it leaves when `commit` is durable. */
  seal(commit: number): void {
    const { maxMessages, maxBytes } = this.#limits;
    const waitingBefore = this.#unsentBytes;
    this.#buffer.seal(commit);
    if (this.#isClosing) return;
    if (this.#buffer.length > maxMessages) {
      this.drop(`slow consumer: more than ${maxMessages} messages wait for it`);
    } else if (waitingBefore > maxBytes) {
      this.drop(`slow consumer: more than ${maxBytes} bytes wait for it`);
    } else this.#owner.onQueued();
  }

  /** Sends what may leave. */
  flush(durable: number): void {
    if (this.#isClosing) return;
    while (this.#socket.bufferedAmount < SOCKET_BYTES) {
      const frame = this.#buffer.take(durable);
      if (frame === undefined) break;
      this.#socket.send(frame, this.#onSent);
    }
    if (this.#waitingRequests > 0) this.#owner.onReadable();
  }

  /** Says goodbye; a client that does not answer is dropped. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#requests = [];
    this.#socket.close(code, cutToBytes(reason, MAX_REASON_BYTES));
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_HANDSHAKE_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  /** Ends the connection at once. */
  drop(reason: string): void {
    this.#dropReason ??= reason;
    this.#isClosing = true;
    this.#socket.terminate();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#hear();
    if (this.#isClosing) return;
    if (!isBinary) {
      this.close(1011, `${this.#protocol.slice(0, 2)} websocket does not support text messages`);
      return;
    }
    try {
      // `nodebuffer`, the default, gives one Buffer a message.
      const messages = readClientFrame(this.#protocol, data as Buffer);
      if (this.#waitingRequests === 0) this.#waitingBytes = 0;
      this.#waitingBytes += (data as Buffer).length;
      if (this.#waitingRequests === 0) this.#requests = messages;
      else this.#requests = this.#requests.slice(this.#nextRequest).concat(messages);
      this.#nextRequest = 0;
    } catch (error) {
      if (!(error instanceof BsatnError)) throw error;
      this.close(1011, error.message);
      return;
    }
    if (this.#waitingRequests > this.#limits.maxRequests) {
      this.close(1013, 'too many requests');
      return;
    }
    if (this.#waitingRequests > 0) this.#owner.onReadable();
    // Frames are whole when they come, so one more than is allowed may wait.
    if (this.#waitingRequests > BUSY_REQUESTS || this.#waitingBytes > BUSY_BYTES) this.#socket.pause();
  }

  /** Serves what waits, in one go, so that what it commits is written to disk together. */
  serve(): void {
    const until = performance.now() + TURN_MS;
    while (this.#waitingRequests > 0 && !this.#isClosing && !this.#isBusy && this.#owner.hasRoom()) {
      if (performance.now() > until) {
        this.#owner.onReadable();
        break;
      }
      const message = this.#requests[this.#nextRequest++];
      if (message) this.#owner.onMessage(message);
    }
    if (this.#waitingRequests === 0) this.#waitingBytes = 0;
    if (this.#socket.isPaused && this.#waitingRequests < BUSY_REQUESTS / 2 && this.#waitingBytes <= BUSY_BYTES) {
      this.#socket.resume();
    }
  }

  get #waitingRequests(): number {
    return this.#requests.length - this.#nextRequest;
  }

  get #unsentBytes(): number {
    return this.#buffer.bytes + this.#socket.bufferedAmount;
  }

  get #isBusy(): boolean {
    return this.#buffer.length > BUSY_MESSAGES || this.#unsentBytes > BUSY_BYTES;
  }

  readonly #onSent = (): void => {
    // The owner flushes again if something stayed behind because the socket was full.
    if (this.isWaiting) this.#owner.onQueued();
    else if (this.#waitingRequests > 0) this.#owner.onReadable();
  };

  #hear(): void {
    this.#heardAt = performance.now();
  }
}

/** The beginning of a text that fits into so many bytes of UTF-8. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
