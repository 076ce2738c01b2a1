// Views of a module's buffers. The module owns the buffers; only the view is kept after the next call.

import { isUtf8 } from 'node:buffer';
import { isAnyArrayBuffer } from 'node:util/types';

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

  /** The whole buffer. Throws for any value that is not one, even if it imitates one. */
  view(buffer: ArrayBuffer): Uint8Array {
    return this.#view(buffer).bytes;
  }

  /** The first `length` bytes. */
  bytes(buffer: ArrayBuffer, length: number): Uint8Array {
    return this.view(buffer).subarray(0, length);
  }

  /** A copy of some bytes, owned by the host. */
  copy(buffer: ArrayBuffer, offset: number, length: number): Uint8Array {
    return this.view(buffer).slice(offset, offset + length);
  }

  decode(buffer: ArrayBuffer, offset: number, length: number): string {
    return this.#view(buffer).text.toString('utf8', offset, offset + length);
  }
  isUtf8(buffer: ArrayBuffer, offset: number, length: number): boolean {
    return isUtf8(this.view(buffer).subarray(offset, offset + length));
  }
  encode(text: string, buffer: ArrayBuffer): number {
    return this.#view(buffer).text.write(text, 'utf8');
  }
}

function viewOf(buffer: ArrayBuffer): View {
  if (!isAnyArrayBuffer(buffer)) throw new TypeError('an ArrayBuffer is expected');
  return { buffer, bytes: new Uint8Array(buffer), text: Buffer.from(buffer) };
}
