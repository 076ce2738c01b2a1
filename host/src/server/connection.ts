// One WebSocket: decodes frames into requests, sends messages, and bounds both. It knows bytes and limits, no databases.
//
// Backpressure: while the answers of a client wait (for the disk or the network), its requests wait too, and beyond a
// bound its socket is not read. Updates caused by other clients cannot be held back, so a client that does not read them
// is dropped.

import type { Socket } from 'node:net';
import { WebSocket, type RawData } from 'ws';
import { assert } from '../errors.ts';
import { BsatnError } from '../sats/reader.ts';
import type { BsatnWriter } from '../sats/writer.ts';
import type { ClientMessage } from '../wire/client-message.ts';
import { MAX_CLIENT_FRAME_BYTES, MAX_NEWCOMER_FRAME_BYTES, readClientFrame, type Protocol } from '../wire/frame.ts';
import type { BulkReader, BulkReads } from './bulk-reads.ts';
import type { MemoryBudget, MemoryHolder, MemoryShare } from './memory-budget.ts';
import { SendBuffer } from './send-buffer.ts';

/** Bounds of one connection. */
export interface ConnectionLimits {
  /** Waiting requests; more close the connection with 1013. */
  readonly maxRequests: number;
  /** Unsent messages; more drop the client. */
  readonly maxMessages: number;
  /** Unsent bytes, on top of one message of any size; more drop the client. */
  readonly maxBytes: number;
  /** Bytes of one received frame; a longer one closes the connection with 1009. */
  readonly maxFrameBytes: number;
  /** The same for a client that came without a token. */
  readonly maxNewcomerFrameBytes: number;
  /** Query sets; one more is refused. */
  readonly maxQuerySets: number;
  /** Queries of all query sets together; a query set that exceeds it is refused. */
  readonly maxQueries: number;
  /** Interval of pings. */
  readonly pingEveryMs: number;
  /** A client that sends nothing for this long is dropped. */
  readonly silentMs: number;
}

/** The default limits. */
export const DEFAULT_LIMITS: ConnectionLimits = {
  maxRequests: 16_384,
  maxMessages: 16_384,
  maxBytes: 64 * 1024 * 1024,
  maxFrameBytes: MAX_CLIENT_FRAME_BYTES,
  maxNewcomerFrameBytes: MAX_NEWCOMER_FRAME_BYTES,
  maxQuerySets: 4096,
  maxQueries: 16_384,
  pingEveryMs: 15_000,
  silentMs: 30_000,
};

/** With more unsent messages or bytes than this, no request is handed out. */
const BUSY_MESSAGES = 4096;
const BUSY_BYTES = 8 * 1024 * 1024;
/** With more waiting requests than this, the socket is paused. */
const BUSY_REQUESTS = 4096;
/** With this much in the socket, frames stay in the send buffer, where later messages can join them. */
const SOCKET_BYTES = 1024 * 1024;
/** A message with more unfinished bytes than this is long. */
const LONG_BYTES = 256 * 1024;
const CLOSE_HANDSHAKE_MS = 250;
const MAX_REASON_BYTES = 123;

/** Events of a connection. */
export interface ConnectionEvents {
  /** Requests wait; the listener takes them soon, as long as `hasRequest`. */
  onReadable(): void;
  /** Messages wait; the listener calls `flush` soon. */
  onQueued(): void;
  /** The connection ended; called once. `reason` is set if this side dropped it. */
  onClosed(reason: string | undefined): void;
}

/** Resources that all connections share. */
export interface ConnectionShares {
  readonly memory: MemoryBudget;
  readonly bulkReads: BulkReads;
}

/** Hands out the requests of one client in order, and sends messages to it. */
export class Connection implements MemoryHolder, BulkReader {
  readonly #socket: WebSocket;
  readonly #protocol: Protocol;
  readonly #events: ConnectionEvents;
  readonly #limits: ConnectionLimits;
  readonly #memory: MemoryShare;
  readonly #bulkReads: BulkReads;
  readonly #buffer: SendBuffer;
  #requests: ClientMessage[] = [];
  #nextRequest = 0;
  /** Bytes of the frames of waiting requests; reset when no request waits. */
  #waitingBytes = 0;
  #isClosing = false;
  #dropReason: string | undefined;
  #receivedAt = performance.now();

  constructor(
    socket: WebSocket,
    protocol: Protocol,
    events: ConnectionEvents,
    limits: ConnectionLimits,
    { memory, bulkReads }: ConnectionShares,
  ) {
    this.#bulkReads = bulkReads;
    this.#socket = socket;
    this.#protocol = protocol;
    this.#events = events;
    this.#limits = limits;
    this.#buffer = new SendBuffer(protocol);
    this.#memory = memory.share(this);
    // After the listener of the library, which has counted the bytes.
    tcpSocketOf(socket)?.on('data', (chunk: Buffer) => this.#noteChunk(chunk.length));
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => this.#noteReceived());
    socket.on('ping', () => this.#noteReceived());
    // A broken socket also closes; an oversized or malformed frame is answered by the library.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#isClosing = true;
      this.#free();
      this.#events.onClosed(this.#dropReason);
    });
  }

  /** Pings the client, or drops it if it was silent for too long. */
  check(): void {
    if (this.#isClosing) return;
    const { silentMs } = this.#limits;
    // Pongs of a paused socket are not read.
    if (this.#socket.isPaused) this.#noteReceived();
    if (performance.now() - this.#receivedAt > silentMs) this.drop(`silent for more than ${silentMs} ms`);
    else if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  /** Returns true if messages wait for the disk or the network. */
  get isWaiting(): boolean {
    return this.#buffer.length > 0 && !this.#isClosing;
  }

  /** The writer for the next message; `seal` ends the message. */
  get writer(): BsatnWriter {
    return this.#buffer.writer;
  }

  /** Ends the message just written; it is sent once `commit` is durable. */
  seal(commit: number): void {
    const { maxMessages, maxBytes } = this.#limits;
    if (this.#isClosing) {
      this.#buffer.clear();
      return;
    }
    const waitingBefore = this.#unsentBytes;
    this.#buffer.seal(commit);
    this.#memory.note(this.heldBytes);
    if (this.#isClosing) return;
    if (this.#buffer.length > maxMessages) {
      this.drop(`slow consumer: more than ${maxMessages} messages wait for it`);
    } else if (waitingBefore > maxBytes) {
      this.drop(`slow consumer: more than ${maxBytes} bytes wait for it`);
    } else this.#events.onQueued();
  }

  /** Sends the messages whose commits are durable up to `durable`, as far as the socket takes them. */
  flush(durable: number): void {
    if (this.#isClosing) return;
    while (this.#socket.bufferedAmount < SOCKET_BYTES) {
      const frame = this.#buffer.take(durable);
      if (frame === undefined) break;
      this.#socket.send(frame, this.#onSent);
    }
    if (this.#waitingRequests > 0) this.#events.onReadable();
  }

  /** Starts the closing handshake; a client that does not answer it is dropped. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#forgetRequests();
    this.#socket.close(code, cutToBytes(reason, MAX_REASON_BYTES));
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_HANDSHAKE_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  /** Ends the connection immediately, without a handshake. */
  drop(reason: string): void {
    this.#dropReason ??= reason;
    this.#isClosing = true;
    this.#socket.terminate();
    this.#free();
  }

  /** Bytes of unfinished frames, waiting requests and unsent messages. */
  get heldBytes(): number {
    return this.#isClosing ? 0 : unfinishedBytes(this.#socket) + this.#waitingBytes + this.#unsentBytes;
  }

  #noteChunk(bytes: number): void {
    if (this.#isClosing) return;
    this.#memory.note(this.heldBytes);
    if (unfinishedBytes(this.#socket) > LONG_BYTES) this.#bulkReads.note(this, bytes);
  }

  pauseReading(): void {
    tcpSocketOf(this.#socket)?.pause();
  }

  resumeReading(): void {
    if (!this.#isClosing && !this.#socket.isPaused) tcpSocketOf(this.#socket)?.resume();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#noteReceived();
    if (this.#isClosing) return;
    if (!isBinary) {
      this.close(1011, `${this.#protocol.slice(0, 2)} websocket does not support text messages`);
      return;
    }
    try {
      // `nodebuffer`, the default, gives one Buffer a message.
      const room = Math.max(0, this.#limits.maxRequests - this.#waitingRequests);
      const messages = readClientFrame(this.#protocol, data as Buffer, room);
      if (messages === undefined) {
        this.close(1013, 'too many requests');
        return;
      }
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
    if (this.#waitingRequests > 0) this.#events.onReadable();
    // Frames arrive whole, so the last one may exceed the bound.
    if (this.#waitingRequests > BUSY_REQUESTS || this.#waitingBytes > BUSY_BYTES) this.#socket.pause();
  }

  /** Returns true if a request waits and the unsent messages leave room for its answer. */
  get hasRequest(): boolean {
    return this.#waitingRequests > 0 && !this.#isClosing && !this.#isBusy;
  }

  /** The kind of the next request. */
  get nextKind(): ClientMessage['kind'] | undefined {
    return this.#requests[this.#nextRequest]?.kind;
  }

  /** The next request; there must be one, see `hasRequest`. */
  takeRequest(): ClientMessage {
    const request = this.#requests[this.#nextRequest++];
    assert(request, 'a request waits');
    if (this.#waitingRequests === 0) this.#waitingBytes = 0;
    if (this.#socket.isPaused && this.#waitingRequests < BUSY_REQUESTS / 2 && this.#waitingBytes <= BUSY_BYTES) {
      this.#socket.resume();
    }
    return request;
  }

  #forgetRequests(): void {
    this.#requests = [];
    this.#nextRequest = 0;
    this.#waitingBytes = 0;
  }

  #free(): void {
    this.#memory.end();
    this.#bulkReads.remove(this);
    this.#forgetRequests();
    this.#buffer.clear();
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
    // Some messages may have stayed behind because the socket was full.
    if (this.isWaiting) this.#events.onQueued();
    else if (this.#waitingRequests > 0) this.#events.onReadable();
  };

  #noteReceived(): void {
    this.#receivedAt = performance.now();
  }
}

/** The parts of a `ws` socket that it does not publish, in version 8; `connection.test.ts` fails without them. */
interface SocketInternals {
  readonly _socket?: Socket;
  readonly _receiver?: { readonly _bufferedBytes: number; readonly _messageLength: number };
}

function tcpSocketOf(socket: WebSocket): Socket | undefined {
  return (socket as unknown as SocketInternals)._socket; // see `SocketInternals`
}

/** Bytes of a message that has not ended: of its last frame, and the decompressed ones of its earlier frames. */
function unfinishedBytes(socket: WebSocket): number {
  const receiver = (socket as unknown as SocketInternals)._receiver; // see `SocketInternals`
  return receiver ? receiver._bufferedBytes + receiver._messageLength : 0;
}

/** Cuts a text to at most `maxBytes` of UTF-8, between characters. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
