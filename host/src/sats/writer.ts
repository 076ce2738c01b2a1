// BSATN writer into one growing buffer.

const utf8 = new TextEncoder();

/** Collects BSATN values. `finish()` returns the bytes; `reset()` starts again with the same buffer. */
export class BsatnWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#at;
  }

  #reserve(width: number): number {
    const at = this.#at;
    const end = at + width;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#at = end;
    return at;
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }
  u8(value: number): this {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
    return this;
  }
  i8(value: number): this {
    return this.u8(value);
  }
  u16(value: number): this {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value, true);
    return this;
  }
  i16(value: number): this {
    return this.u16(value);
  }
  u32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
    return this;
  }
  i32(value: number): this {
    return this.u32(value);
  }
  u64(value: bigint): this {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }
  i64(value: bigint): this {
    return this.u64(value);
  }
  u128(value: bigint): this {
    return this.u64(value).u64(value >> 64n);
  }
  i128(value: bigint): this {
    return this.u128(value);
  }
  u256(value: bigint): this {
    return this.u128(value).u128(value >> 128n);
  }
  i256(value: bigint): this {
    return this.u256(value);
  }
  f32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setFloat32(at, value, true);
    return this;
  }
  f64(value: number): this {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value, true);
    return this;
  }
  /** Bytes as they are, without a length. */
  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }
  /** A u32 length, then the bytes. */
  byteArray(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes);
  }
  string(value: string): this {
    return this.byteArray(utf8.encode(value));
  }
  /** Overwrites a u32 written before, for counts that are known only later. */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }
  reset(): this {
    this.#at = 0;
    return this;
  }
  /** A copy of the written bytes. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
  /** The written bytes as a view; the next write or `reset` may change it. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }
}
