// Readers and writers of rows as closures. Those of the SDK are compiled from text (`Function`), which the policy of the page
// forbids; the bytes are the same.

import { AlgebraicType, ProductType, SumType, type BinaryReader, type BinaryWriter } from 'spacetimedb';

type Write = (writer: BinaryWriter, value: unknown) => void;
type Read = (reader: BinaryReader) => unknown;
type Fields = Readonly<Record<string, unknown>>;

/** Of types that the SDK reads as special objects, such as `Timestamp`: one field of a reserved name. */
const SPECIAL = /^__(time_duration_micros|timestamp_micros_since_unix_epoch|identity|connection_id|uuid)__$/;

/** Types may contain themselves, so a closure is remembered before its parts are made. */
const writers = new Map<object, Write>();
const readers = new Map<object, Read>();

const original = {
  readProduct: ProductType.makeDeserializer.bind(ProductType),
  readSum: SumType.makeDeserializer.bind(SumType),
  writeSum: SumType.makeSerializer.bind(SumType),
};

/** Replaces the compilers of the SDK. Is called once, before the first connection. */
export function installClosures(): void {
  ProductType.makeSerializer = (type, space) => {
    const known = writers.get(type);
    if (known) return known;
    const fields: [string, Write][] = [];
    const write: Write = (writer, value) => {
      for (const [name, part] of fields) part(writer, (value as Fields)[name]); // the SDK passes rows as objects
    };
    writers.set(type, write);
    for (const { name = '', algebraicType } of type.elements) {
      fields.push([name, AlgebraicType.makeSerializer(algebraicType, space)]);
    }
    return write;
  };
  ProductType.makeDeserializer = (type, space) => {
    const [first] = type.elements;
    if (!first || (type.elements.length === 1 && SPECIAL.test(first.name ?? ''))) {
      return original.readProduct(type, space);
    }
    const known = readers.get(type);
    if (known) return known;
    const fields: [string, Read][] = [];
    const read: Read = reader => {
      const row: Record<string, unknown> = {};
      for (const [name, part] of fields) row[name] = part(reader);
      return row;
    };
    readers.set(type, read);
    for (const { name = '', algebraicType } of type.elements) {
      fields.push([name, AlgebraicType.makeDeserializer(algebraicType, space)]);
    }
    return read;
  };
  SumType.makeSerializer = (type, space) => {
    if (isBuiltIn(type.variants)) return original.writeSum(type, space);
    const known = writers.get(type);
    if (known) return known;
    const variants = new Map<string, { readonly tag: number; readonly part: Write }>();
    const write: Write = (writer, value) => {
      const { tag, value: inner } = value as { readonly tag: string; readonly value: unknown }; // the form of a variant
      const variant = variants.get(tag);
      if (!variant) throw new TypeError(`there is no variant ${tag}`);
      writer.writeByte(variant.tag);
      variant.part(writer, inner);
    };
    writers.set(type, write);
    for (const [tag, { name = '', algebraicType }] of type.variants.entries()) {
      variants.set(name, { tag, part: AlgebraicType.makeSerializer(algebraicType, space) });
    }
    return write;
  };
  SumType.makeDeserializer = (type, space) => {
    if (isBuiltIn(type.variants)) return original.readSum(type, space);
    const known = readers.get(type);
    if (known) return known;
    const variants: { readonly tag: string; readonly part: Read }[] = [];
    const read: Read = reader => {
      const variant = variants[reader.readU8()];
      if (!variant) throw new TypeError('a variant is not known');
      return { tag: variant.tag, value: variant.part(reader) };
    };
    readers.set(type, read);
    for (const { name = '', algebraicType } of type.variants) {
      variants.push({ tag: name, part: AlgebraicType.makeDeserializer(algebraicType, space) });
    }
    return read;
  };
}

/** Options and results, which the SDK reads and writes without compiling. */
function isBuiltIn(variants: readonly { readonly name: string | undefined }[]): boolean {
  const names = variants.map(({ name }) => name).join();
  return names === 'some,none' || names === 'ok,err';
}
