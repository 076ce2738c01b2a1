// Views of a module's buffers. The module owns the buffers and may detach, resize or decorate them at any time, so nothing
// here reads a property of a buffer: only the engine's internal fields count.

import { isUtf8 } from 'node:buffer';
import { isArrayBuffer } from 'node:util/types';
import { NOT_A_BUFFER, OUT_OF_BOUNDS } from './host-side.ts';

/** The host copies at most so much for one call; a larger copy would hold it up. */
const MAX_COPIED_BYTES = 256 * 1024 * 1024;

/** An argument of a system call is not a buffer, or a length does not fit it. */
export class MemoryFault extends Error {
  readonly errno: typeof NOT_A_BUFFER | typeof OUT_OF_BOUNDS;

  constructor(errno: typeof NOT_A_BUFFER | typeof OUT_OF_BOUNDS) {
    super(errno === NOT_A_BUFFER ? 'an ArrayBuffer is expected' : 'the length is out of bounds');
    this.errno = errno;
  }
}

/** One buffer, as bytes and as text. The bytes are a plain Uint8Array, because callers rely on `slice` making a copy. */
interface View {
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  readonly text: Buffer;
}

/** Reads buffers of the realm. The library reuses three of them, so their views are cached. */
export class GuestMemory {
  /** The most recently used one. */
  #first: View = viewOf(new ArrayBuffer(0));
  #second: View = this.#first;
  #third: View = this.#first;

  #view(buffer: ArrayBuffer): View {
    if (buffer === this.#first.buffer) return this.#first;
    let view = this.#second;
    if (buffer !== view.buffer) {
      view = buffer === this.#third.buffer ? this.#third : viewOf(buffer);
      this.#third = this.#second;
    }
    this.#second = this.#first;
    this.#first = view;
    return view;
  }

  /** The whole buffer. Throws `MemoryFault` for any value that is not one, even if it imitates one. */
  view(buffer: ArrayBuffer): Uint8Array {
    return this.#view(buffer).bytes;
  }

  /** The first `length` bytes. Throws `MemoryFault`. */
  bytes(buffer: ArrayBuffer, length: number): Uint8Array {
    const { bytes } = this.#view(buffer);
    if (length >>> 0 !== length || length > bytes.length) throw new MemoryFault(OUT_OF_BOUNDS);
    return bytes.subarray(0, length);
  }

  /** The whole buffer, of which the caller reads the first `length` bytes. Throws `MemoryFault`. */
  holding(buffer: ArrayBuffer, length: number): Uint8Array {
    const { bytes } = this.#view(buffer);
    if (length >>> 0 !== length || length > bytes.length) throw new MemoryFault(OUT_OF_BOUNDS);
    return bytes;
  }

  /** A copy of some bytes, owned by the host. Throws `MemoryFault`, also for more than `MAX_COPIED_BYTES`. */
  copy(buffer: ArrayBuffer, offset: number, length: number): Uint8Array {
    const bytes = bytesOf(buffer);
    if (length > MAX_COPIED_BYTES) throw new MemoryFault(OUT_OF_BOUNDS);
    checkRange(bytes, offset, length);
    return bytes.slice(offset, offset + length);
  }

  /** Fills the start of a buffer. Throws `MemoryFault`. */
  fill(buffer: ArrayBuffer, content: Uint8Array): void {
    const bytes = bytesOf(buffer);
    if (content.length > bytes.length) throw new MemoryFault(OUT_OF_BOUNDS);
    bytes.set(content);
  }

  /** The text of some bytes; undefined if it must be UTF-8 and is not. Throws `MemoryFault`. */
  decode(buffer: ArrayBuffer, offset: number, length: number, isFatal: boolean): string | undefined {
    const { bytes, text } = this.#view(buffer);
    checkRange(bytes, offset, length);
    const end = offset + length;
    return isFatal && !isUtf8(bytes.subarray(offset, end)) ? undefined : text.toString('utf8', offset, end);
  }

  /** Writes the part of a text that fits, and returns its bytes. Throws `MemoryFault`. */
  encode(text: string, buffer: ArrayBuffer): number {
    return this.#view(buffer).text.write(text, 'utf8');
  }
}

function checkRange(bytes: Uint8Array, offset: number, length: number): void {
  if (offset >>> 0 !== offset || length >>> 0 !== length || offset + length > bytes.length) {
    throw new MemoryFault(OUT_OF_BOUNDS);
  }
}

/** A view of an ArrayBuffer; a detached one has no bytes. */
function bytesOf(buffer: ArrayBuffer): Uint8Array {
  if (!isArrayBuffer(buffer)) throw new MemoryFault(NOT_A_BUFFER);
  try {
    return new Uint8Array(buffer);
  } catch {
    throw new MemoryFault(OUT_OF_BOUNDS);
  }
}

function viewOf(buffer: ArrayBuffer): View {
  const bytes = bytesOf(buffer);
  // `Buffer.from` reads `byteLength` of the buffer, which may be a getter of the module.
  const text = Reflect.construct(Uint8Array, [buffer], Buffer) as Buffer;
  return { buffer, bytes, text };
}
