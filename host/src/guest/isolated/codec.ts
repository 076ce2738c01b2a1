// Messages between the host and the process of an isolated module: a kind and some values. The function is passed to the
// process as text, so it uses only its own lines. Both sides read what the other has sent as untrusted bytes.

/** A value of a message. */
export type Value = undefined | number | string | bigint | Uint8Array;

/** Kinds of messages. */
export const BOOT = 0;
export const CALL = 1;
export const DONE = 2;
export const SYSTEM_CALL = 3;
export const REPLY = 4;

/** A received message. */
export interface Message {
  readonly kind: number;
  readonly values: readonly Value[];
}

/** Reads and writes messages. */
export interface Codec {
  send(kind: number, values: readonly Value[]): void;
  /** Waits for a message; undefined if the other side has ended. */
  receive(): Message | undefined;
}

/** The calls of `node:fs` that a codec uses. */
export interface FileCalls {
  readSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: null): number;
  writeSync(fd: number, buffer: Uint8Array, offset: number, length: number): number;
}

/** Creates a codec over two file descriptors that block. */
export function makeCodec(fs: FileCalls, input: number, output: number): Codec {
  const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;
  const [UNDEFINED, NUMBER, TEXT, BIG, BYTES] = [0, 1, 2, 3, 4];
  let outgoing = Buffer.allocUnsafe(65536);
  let incoming = Buffer.allocUnsafe(65536);
  let start = 0;
  let end = 0;

  const reserve = (at: number, more: number): void => {
    if (at + more <= outgoing.length) return;
    const larger = Buffer.allocUnsafe(2 * (at + more));
    outgoing.copy(larger, 0, 0, at);
    outgoing = larger;
  };
  /** Reads until so many bytes are buffered; false at the end of the input. */
  const fill = (wanted: number): boolean => {
    if (end - start >= wanted) return true;
    if (start + wanted > incoming.length) {
      const next = wanted > incoming.length ? Buffer.allocUnsafe(2 * wanted) : incoming;
      incoming.copy(next, 0, start, end);
      incoming = next;
      end -= start;
      start = 0;
    }
    while (end - start < wanted) {
      const count = fs.readSync(input, incoming, end, incoming.length - end, null);
      if (count === 0) return false;
      end += count;
    }
    return true;
  };

  return {
    send(kind, values) {
      let at = 4;
      outgoing[at++] = kind;
      for (const value of values) {
        reserve(at, 16);
        if (typeof value === 'number') {
          outgoing[at] = NUMBER;
          outgoing.writeDoubleLE(value, at + 1);
          at += 9;
        } else if (value === undefined) {
          outgoing[at++] = UNDEFINED;
        } else if (typeof value === 'string' || typeof value === 'bigint') {
          const text = typeof value === 'bigint' ? value.toString(16) : value;
          // Most texts are short: three bytes a unit are room enough without a look at them.
          const room = text.length * 3;
          reserve(at, room + 16);
          outgoing[at] = typeof value === 'bigint' ? BIG : TEXT;
          const length = outgoing.write(text, at + 5, 'utf8');
          outgoing.writeUInt32LE(length, at + 1);
          at += 5 + length;
        } else {
          reserve(at, value.length + 16);
          outgoing[at] = BYTES;
          outgoing.writeUInt32LE(value.length, at + 1);
          outgoing.set(value, at + 5);
          at += 5 + value.length;
        }
      }
      outgoing.writeUInt32LE(at - 4, 0);
      for (let sent = 0; sent < at;) sent += fs.writeSync(output, outgoing, sent, at - sent);
      if (outgoing.length > 1024 * 1024) outgoing = Buffer.allocUnsafe(65536);
    },

    receive() {
      if (!fill(4)) return undefined;
      const length = incoming.readUInt32LE(start);
      if (length < 1 || length > MAX_MESSAGE_BYTES) throw new Error('a message has an invalid length');
      if (!fill(4 + length)) return undefined;
      let at = start + 4;
      const behind = at + length;
      const kind = incoming[at++] as number;
      const values: Value[] = [];
      while (at < behind) {
        const tag = incoming[at++];
        if (tag === UNDEFINED) values.push(undefined);
        else if (tag === NUMBER) {
          values.push(incoming.readDoubleLE(at));
          at += 8;
        } else {
          const size = incoming.readUInt32LE(at);
          at += 4;
          if (at + size > behind) throw new Error('a message is cut short');
          // A copy: the buffer is used again.
          if (tag === BYTES) values.push(new Uint8Array(incoming.subarray(at, at + size)));
          else {
            const text = incoming.toString('utf8', at, at + size);
            if (tag !== BIG) values.push(text);
            else values.push(text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`));
          }
          at += size;
        }
      }
      start = behind;
      if (start === end) {
        start = 0;
        end = 0;
        if (incoming.length > 1024 * 1024) incoming = Buffer.allocUnsafe(65536);
      }
      return { kind, values };
    },
  };
}
