// Unsent messages for one client. Each waits until its commit is durable, and for the messages before it; messages that
// are ready together are packed into as few frames as the protocol allows.
//
// I1: messages are sent in the order in which they were sealed.
// I2: no message is sent before the commit number it was sealed with is durable.
// I3: a v2 frame holds one message; a v3 frame holds several only while they fit into the size of a frame.

import { BsatnWriter } from '../sats/writer.ts';
import { MAX_SERVER_FRAME_BYTES, UNCOMPRESSED, type Protocol } from '../wire/frame.ts';

/** A larger buffer is not reused. */
const KEPT_BYTES = 1024 * 1024;

/** Orders and frames messages. Write one message with `writer`, then `seal` it. */
export class SendBuffer {
  readonly #messagesPerFrame: number;
  #writer = new BsatnWriter(1024);
  /** Offset of the first unsent message. */
  #start = 0;
  /** End offset and awaited commit of each message from `#first` on. Plain arrays, as this is a hot path. */
  #ends: number[] = [];
  #commits: number[] = [];
  #first = 0;

  constructor(protocol: Protocol) {
    this.#messagesPerFrame = protocol === 'v2.bsatn.spacetimedb' ? 1 : Infinity;
  }

  /** The writer for the next message. */
  get writer(): BsatnWriter {
    return this.#writer;
  }

  /** Number of unsent messages. */
  get length(): number {
    return this.#ends.length - this.#first;
  }

  /** Bytes of unsent sealed messages. */
  get bytes(): number {
    return this.length === 0 ? 0 : (this.#ends.at(-1) ?? 0) - this.#start;
  }

  /** Ends the written message; it is ready when `commit` is durable. */
  seal(commit: number): void {
    this.#ends.push(this.#writer.length);
    this.#commits.push(commit);
  }

  /** The next ready frame, or undefined. The caller owns the bytes. */
  take(durable: number): Uint8Array | undefined {
    let next = this.#first;
    let end = this.#start;
    while (next < this.#ends.length && next - this.#first < this.#messagesPerFrame) {
      const messageEnd = this.#ends[next] ?? end;
      if ((this.#commits[next] ?? Infinity) > durable) break;
      if (next > this.#first && messageEnd - this.#start > MAX_SERVER_FRAME_BYTES) break;
      end = messageEnd;
      next++;
    }
    if (next === this.#first) return undefined;
    const frame = new Uint8Array(1 + end - this.#start);
    frame[0] = UNCOMPRESSED;
    frame.set(this.#writer.view().subarray(this.#start, end), 1);
    this.#first = next;
    this.#start = end;
    this.#compact();
    return frame;
  }

  /** Forgets all messages and frees their bytes. */
  clear(): void {
    this.#writer = new BsatnWriter(1024);
    this.#ends = [];
    this.#commits = [];
    this.#first = 0;
    this.#start = 0;
  }

  /** Frees the bytes of sent messages; each byte is moved at most once for each byte sent. */
  #compact(): void {
    if (this.#start < this.bytes) return;
    const rest = this.bytes === 0 ? undefined : this.#writer.view().slice(this.#start);
    if (this.#writer.length > KEPT_BYTES) this.#writer = new BsatnWriter(1024);
    else this.#writer.reset();
    if (rest) this.#writer.raw(rest);
    const moved = this.#start;
    this.#ends = this.#ends.slice(this.#first).map(end => end - moved);
    this.#commits = this.#commits.slice(this.#first);
    this.#first = 0;
    this.#start = 0;
  }
}
