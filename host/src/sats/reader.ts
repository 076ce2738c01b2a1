// BSATN reader. The format is little-endian, without padding and without type information.

/** The bytes end too early or are not a value of the type. */
export class BsatnError extends Error {
  override readonly name = 'BsatnError';
}

/** Elements of width 0 cost no bytes, so the input length cannot bound their number. */
export const MAX_EMPTY_ELEMENTS = 65_536;

// A byte order mark is a character of the string like any other.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A cursor over BSATN bytes. Every read throws `BsatnError` when the bytes end before the value does. */
export class BsatnReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly #view: DataView;
  #emptyElements = 0;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  #advance(width: number): number {
    const at = this.at;
    if (at + width > this.bytes.length) {
      throw new BsatnError(`data too short: ${width} bytes wanted, ${this.bytes.length - at} left`);
    }
    this.at = at + width;
    return at;
  }

  /** Counts decoded elements without bytes; throws when the whole input has too many. */
  takeEmpty(count: number): void {
    this.#emptyElements += count;
    if (this.#emptyElements > MAX_EMPTY_ELEMENTS) {
      throw new BsatnError(`more than ${MAX_EMPTY_ELEMENTS} elements without bytes`);
    }
  }

  bool(): boolean {
    const byte = this.u8();
    if (byte > 1) throw new BsatnError(`invalid bool ${byte}`);
    return byte === 1;
  }
  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }
  i8(): number {
    return this.#view.getInt8(this.#advance(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }
  i16(): number {
    return this.#view.getInt16(this.#advance(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }
  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), true);
  }
  u128(): bigint {
    const low = this.u64();
    return (this.u64() << 64n) | low;
  }
  i128(): bigint {
    const low = this.u64();
    return (this.i64() << 64n) | low;
  }
  u256(): bigint {
    const low = this.u128();
    return (this.u128() << 128n) | low;
  }
  i256(): bigint {
    const low = this.u128();
    return (this.i128() << 128n) | low;
  }
  f32(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }
  f64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  /** `length` bytes as a view of the input, not a copy. */
  take(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.bytes.subarray(at, at + length);
  }
  /** Bytes that follow their u32 length, as a view of the input. */
  byteArray(): Uint8Array {
    return this.take(this.u32());
  }
  string(): string {
    const bytes = this.byteArray();
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw new BsatnError('invalid UTF-8 in a string', { cause });
    }
  }
}
