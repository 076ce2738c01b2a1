// BSATN for the scenarios, implemented apart from the host's, so that a fault there is not repeated here.

/** A type by name, or composed of others. */
export type Type =
  | IntegerName
  | 'bool'
  | 'f32'
  | 'f64'
  | 'string'
  | 'bytes'
  | 'unit'
  | 'identity'
  | 'connection_id'
  | 'uuid'
  | 'timestamp'
  | 'duration'
  | { readonly array: Type }
  | { readonly option: Type }
  | { readonly product: Readonly<Record<string, Type>> }
  | { readonly sum: Readonly<Record<string, Type>> };

/** A value as scenarios write it: ids as hex, times as microseconds, sums as `{ Variant: payload }`. */
export type Value = null | boolean | number | bigint | string | readonly Value[] | { readonly [field: string]: Value };

const WIDTHS = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  u128: 16,
  i128: 16,
  u256: 32,
  i256: 32,
} as const;
type IntegerName = keyof typeof WIDTHS;

export function encode(...pairs: readonly (readonly [Type, Value])[]): Buffer {
  return Buffer.concat(pairs.map(([type, value]) => encodeValue(type, value)));
}

function encodeValue(type: Type, value: Value): Buffer {
  if (typeof type === 'object') return encodeBuilt(type, value);
  switch (type) {
    case 'unit':
      return Buffer.alloc(0);
    case 'bool':
      return encodeInteger('u8', value === true ? 1n : 0n);
    case 'f32': {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(Number(value));
      return bytes;
    }
    case 'f64': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(Number(value));
      return bytes;
    }
    case 'string':
    case 'bytes': {
      const bytes = Buffer.from(toText(value));
      return Buffer.concat([encodeInteger('u32', BigInt(bytes.length)), bytes]);
    }
    case 'identity':
      return encodeInteger('u256', BigInt(`0x${toText(value)}`));
    case 'connection_id':
      return encodeInteger('u128', BigInt(`0x${toText(value)}`));
    case 'uuid':
      return encodeInteger('u128', BigInt(`0x${toText(value).replaceAll('-', '')}`));
    case 'timestamp':
    case 'duration':
      return encodeInteger('i64', toBigInt(value));
    default:
      return encodeInteger(type, toBigInt(value));
  }
}

function encodeBuilt(type: Exclude<Type, string>, value: Value): Buffer {
  if ('array' in type) {
    const items = value as readonly Value[];
    return Buffer.concat([
      encodeInteger('u32', BigInt(items.length)),
      ...items.map(item => encodeValue(type.array, item)),
    ]);
  }
  if ('option' in type) {
    return value === null ? Buffer.of(1) : Buffer.concat([Buffer.of(0), encodeValue(type.option, value)]);
  }
  const fields = value as Readonly<Record<string, Value>>;
  if ('product' in type) {
    return Buffer.concat(Object.entries(type.product).map(([name, field]) => encodeValue(field, fields[name] ?? null)));
  }
  const [[variant, payload] = ['', null]] = Object.entries(fields);
  const tag = Object.keys(type.sum).indexOf(variant);
  const payloadType = type.sum[variant];
  if (payloadType === undefined) throw new Error(`no variant ${variant}`);
  return Buffer.concat([Buffer.of(tag), encodeValue(payloadType, payload)]);
}

function encodeInteger(name: IntegerName, value: bigint): Buffer {
  const width = WIDTHS[name];
  const hex = BigInt.asUintN(width * 8, value)
    .toString(16)
    .padStart(width * 2, '0');
  return Buffer.from(hex, 'hex').reverse();
}

function toText(value: Value): string {
  if (typeof value !== 'string') throw new Error('a text was expected');
  return value;
}

function toBigInt(value: Value): bigint {
  if (typeof value !== 'bigint' && typeof value !== 'number') throw new Error('a number was expected');
  return BigInt(value);
}

/** Decodes values into the form of a transcript. */
export class Reader {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  take(length: number): Buffer {
    if (length > this.left) throw new Error(`wanted ${length} bytes at ${this.at}, ${this.left} left`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  integer(name: IntegerName): bigint {
    const width = WIDTHS[name];
    const value = BigInt(`0x${Buffer.from(this.take(width)).reverse().toString('hex')}`);
    return name.startsWith('i') ? BigInt.asIntN(width * 8, value) : value;
  }

  u8(): number {
    return Number(this.integer('u8'));
  }

  u32(): number {
    return Number(this.integer('u32'));
  }

  string(): string {
    return this.take(this.u32()).toString('utf8');
  }

  hex(length: number): string {
    return this.take(length).toString('hex');
  }

  value(type: Type): Value {
    if (typeof type === 'object') return this.#built(type);
    switch (type) {
      case 'unit':
        return null;
      case 'bool': {
        const byte = this.u8();
        return byte > 1 ? 'neither' : byte === 1;
      }
      case 'f32':
        return this.take(4).readFloatLE();
      case 'f64':
        return this.take(8).readDoubleLE();
      case 'string':
        return this.string();
      case 'bytes':
        return this.hex(this.u32());
      case 'identity':
        return this.integer('u256').toString(16).padStart(64, '0');
      case 'connection_id':
        return this.integer('u128').toString(16).padStart(32, '0');
      case 'uuid':
        return this.integer('u128')
          .toString(16)
          .padStart(32, '0')
          .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
      case 'timestamp':
        return { time: this.integer('i64') };
      case 'duration':
        return { duration: this.integer('i64') };
      default: {
        const integer = this.integer(type);
        return WIDTHS[type] <= 4 ? Number(integer) : integer;
      }
    }
  }

  #built(type: Exclude<Type, string>): Value {
    if ('array' in type) return Array.from({ length: this.u32() }, () => this.value(type.array));
    if ('option' in type) return this.u8() === 0 ? this.value(type.option) : null;
    if ('product' in type) {
      return Object.fromEntries(Object.entries(type.product).map(([name, field]) => [name, this.value(field)]));
    }
    const tag = this.u8();
    const variant = Object.entries(type.sum)[tag];
    if (variant === undefined) throw new Error(`sum tag ${tag}`);
    return { [variant[0]]: this.value(variant[1]) };
  }
}
