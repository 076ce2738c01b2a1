// Messages for one client that have not left yet. Each waits until the commits that it may speak of are durable, and
// behind the messages before it; what may leave at one time leaves in as few frames as the protocol allows.
//
// I1: messages leave in the order in which they were sealed.
// I2: no message leaves before the number it was sealed with is durable.
// I3: a v2 frame holds one message; a v3 frame holds several only while they fit into the size of a frame.

import { BsatnWriter } from '../sats/writer.ts';
import { MAX_SERVER_FRAME_BYTES, UNCOMPRESSED, type Protocol } from '../wire/frame.ts';

/** A buffer that grew beyond this is not kept for the next messages. */
const KEPT_BYTES = 1024 * 1024;

/** What a client is sent, in order. Write one message with `writer`, then `seal` it. */
export class SendBuffer {
  readonly #messagesPerFrame: number;
  #writer = new BsatnWriter(1024);
  /** Where the first message that has not left begins. */
  #start = 0;
  /** For each message since `#first`: where it ends, and the commit that it waits for. Plain arrays, as this is hot. */
  #ends: number[] = [];
  #commits: number[] = [];
  #first = 0;

  constructor(protocol: Protocol) {
    this.#messagesPerFrame = protocol === 'v2.bsatn.spacetimedb' ? 1 : Infinity;
  }

  /** Where the next message is written. */
  get writer(): BsatnWriter {
    return this.#writer;
  }

  /** Messages that wait. */
  get length(): number {
    return this.#ends.length - this.#first;
  }

  /** Bytes of sealed messages that wait. */
  get bytes(): number {
    return this.length === 0 ? 0 : (this.#ends.at(-1) ?? 0) - this.#start;
  }

  /** Ends the message that was written; it leaves when `commit` is durable. */
  seal(commit: number): void {
    this.#ends.push(this.#writer.length);
    this.#commits.push(commit);
  }

  /** The next frame that may leave, or undefined. The bytes are the caller's. */
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
    this.#forgetLeft();
    return frame;
  }

  /** Gives the room of messages that have left to new ones; each byte is moved at most once for each one that left. */
  #forgetLeft(): void {
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
