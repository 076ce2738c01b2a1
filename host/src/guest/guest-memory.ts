// Views of a module's buffers. They stay the module's: nothing here is kept beyond the next call but the view itself.

import { isUtf8 } from 'node:buffer';
import { isAnyArrayBuffer } from 'node:util/types';

/** Looks into buffers of the realm. The library uses two or three of them again and again, so their views are kept. */
export class GuestMemory {
  #firstBuffer: ArrayBuffer | undefined;
  #first: Buffer = Buffer.alloc(0);
  #secondBuffer: ArrayBuffer | undefined;
  #second: Buffer = Buffer.alloc(0);

  /** The whole buffer. Throws for anything that is not one, whatever it pretends. */
  view(buffer: ArrayBuffer): Buffer {
    if (buffer === this.#firstBuffer) return this.#first;
    if (buffer === this.#secondBuffer) {
      const view = this.#second;
      this.#second = this.#first;
      this.#secondBuffer = this.#firstBuffer;
      this.#first = view;
      this.#firstBuffer = buffer;
      return view;
    }
    if (!isAnyArrayBuffer(buffer)) throw new TypeError('an ArrayBuffer is expected');
    this.#second = this.#first;
    this.#secondBuffer = this.#firstBuffer;
    this.#first = Buffer.from(buffer);
    this.#firstBuffer = buffer;
    return this.#first;
  }

  /** The first `length` bytes. */
  bytes(buffer: ArrayBuffer, length: number): Uint8Array {
    return this.view(buffer).subarray(0, length);
  }

  /** A copy of some bytes, of the host's own. */
  copy(buffer: ArrayBuffer, offset: number, length: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.view(buffer), offset, offset + length);
  }

  decode(buffer: ArrayBuffer, offset: number, length: number): string {
    return this.view(buffer).toString('utf8', offset, offset + length);
  }
  isUtf8(buffer: ArrayBuffer, offset: number, length: number): boolean {
    return isUtf8(this.view(buffer).subarray(offset, offset + length));
  }
  encode(text: string, buffer: ArrayBuffer): number {
    return this.view(buffer).write(text, 'utf8');
  }

  /** Forgets the views, so that the module's buffers can be freed. */
  clear(): void {
    this.#firstBuffer = this.#secondBuffer = undefined;
    this.#first = this.#second = Buffer.alloc(0);
  }
}
