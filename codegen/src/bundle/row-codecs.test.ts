import fc from 'fast-check';
import {
  AlgebraicType,
  BinaryReader,
  BinaryWriter,
  ConnectionId,
  Identity,
  ProductType,
  TimeDuration,
  Timestamp,
  Uuid,
} from 'spacetimedb';
import { expect, test } from 'vitest';
import { installRowCodecs, type ServerLibrary } from './row-codecs.ts';

interface Column {
  readonly type: AlgebraicType;
  readonly value: fc.Arbitrary<unknown>;
}

const unsigned = (bits: number) => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });
const integer = (type: AlgebraicType, min: number, max: number): Column => ({ type, value: fc.integer({ min, max }) });
const wrapped = (type: AlgebraicType, value: fc.Arbitrary<unknown>): Column => ({ type, value });

const TEXT = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
);

const SIMPLE: readonly Column[] = [
  wrapped(AlgebraicType.String, TEXT),
  wrapped(AlgebraicType.Bool, fc.boolean()),
  integer(AlgebraicType.U8, 0, 255),
  integer(AlgebraicType.I8, -128, 127),
  integer(AlgebraicType.U16, 0, 65_535),
  integer(AlgebraicType.I16, -32_768, 32_767),
  integer(AlgebraicType.U32, 0, 2 ** 32 - 1),
  integer(AlgebraicType.I32, -(2 ** 31), 2 ** 31 - 1),
  wrapped(AlgebraicType.U64, unsigned(64)),
  wrapped(
    AlgebraicType.I64,
    unsigned(64).map(value => BigInt.asIntN(64, value)),
  ),
  wrapped(AlgebraicType.U128, unsigned(128)),
  wrapped(AlgebraicType.U256, unsigned(256)),
  wrapped(AlgebraicType.I128, unsigned(127)),
  wrapped(AlgebraicType.F32, fc.float()),
  wrapped(AlgebraicType.F64, fc.double()),
  wrapped(
    Identity.getAlgebraicType(),
    unsigned(256).map(value => new Identity(value)),
  ),
  wrapped(
    ConnectionId.getAlgebraicType(),
    unsigned(128).map(value => new ConnectionId(value)),
  ),
  wrapped(
    Timestamp.getAlgebraicType(),
    unsigned(62).map(value => new Timestamp(value)),
  ),
  wrapped(
    TimeDuration.getAlgebraicType(),
    unsigned(62).map(value => new TimeDuration(value)),
  ),
  wrapped(AlgebraicType.Array(AlgebraicType.U8), fc.uint8Array({ maxLength: 40 })),
  wrapped(AlgebraicType.Array(AlgebraicType.String), fc.array(TEXT, { maxLength: 4 })),
];

const optionOf = ({ type, value }: Column): Column => ({
  type: AlgebraicType.Sum({
    variants: [
      { name: 'some', algebraicType: type },
      { name: 'none', algebraicType: AlgebraicType.Product({ elements: [] }) },
    ],
  }),
  value: fc.option(value, { nil: undefined }),
});

const sumOf = (columns: readonly Column[]): Column => ({
  type: AlgebraicType.Sum({ variants: columns.map(({ type }, at) => ({ name: `V${at}`, algebraicType: type })) }),
  value: fc.oneof(...columns.map(({ value }, at) => value.map(held => ({ tag: `V${at}`, value: held })))),
});

const elementsOf = (columns: readonly Column[]) => ({
  elements: columns.map(({ type }, at) => ({ name: `c${at}`, algebraicType: type })),
});

const productOf = (columns: readonly Column[]): Column => ({
  type: AlgebraicType.Product(elementsOf(columns)),
  value: fc.record(Object.fromEntries(columns.map(({ value }, at) => [`c${at}`, value]))),
});

const simple = fc.constantFrom(...SIMPLE);
const columns = fc.oneof(
  { weight: 4, arbitrary: simple },
  simple.map(optionOf),
  fc.array(simple, { minLength: 1, maxLength: 3 }).map(sumOf),
  fc.array(simple, { maxLength: 3 }).map(productOf),
);
const rows = fc.array(columns, { maxLength: 8 });

/** The codecs of the library, and a copy of it with the faster ones. */
function fastProductType(): ServerLibrary['ProductType'] {
  const library = {
    ProductType: { ...ProductType },
    AlgebraicType,
    classes: {
      __identity__: Identity,
      __connection_id__: ConnectionId,
      __timestamp_micros_since_unix_epoch__: Timestamp,
      __time_duration_micros__: TimeDuration,
      __uuid__: Uuid,
    },
  } as unknown as ServerLibrary;
  installRowCodecs(library);
  return library.ProductType;
}

test('a row has the same bytes and the same values as with the codecs of the library, also behind other bytes', () => {
  const fast = fastProductType();
  fc.assert(
    fc.property(
      rows.chain(row =>
        fc.tuple(fc.constant(elementsOf(row)), fc.array(productOf(row).value, { minLength: 1, maxLength: 3 })),
      ),
      ([product, values]) => {
        const expected = new BinaryWriter(1);
        const actual = new BinaryWriter(1);
        for (const value of values) {
          ProductType.makeSerializer(product)(expected, value);
          fast.makeSerializer(product)(actual, value);
        }
        expect(actual.getBuffer()).toEqual(expected.getBuffer());

        const slowReader = new BinaryReader(expected.getBuffer().slice());
        const fastReader = new BinaryReader(expected.getBuffer().slice());
        for (const _ of values) {
          expect(fast.makeDeserializer(product)(fastReader as never)).toEqual(
            ProductType.makeDeserializer(product)(slowReader),
          );
          expect(fastReader.offset).toBe(slowReader.offset);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('bytes that end too early, and values that the library refuses, are refused in the same words', () => {
  const fast = fastProductType();
  const type = elementsOf([...SIMPLE.slice(0, 1), ...SIMPLE.slice(8, 9), optionOf(SIMPLE[0] as Column)]);
  const failure = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      return error instanceof Error ? `${error.name}: ${error.message}` : error;
    }
  };
  const bytes = [3, 0, 0, 0, 97, 98, 99, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 120];
  const inputs = [...bytes.map((_, end) => bytes.slice(0, end)), bytes.with(15, 2), bytes.with(0, 255)];
  for (const input of inputs) {
    const read = (codecs: Pick<typeof fast, 'makeDeserializer'>) =>
      failure(() => codecs.makeDeserializer(type)(new BinaryReader(new Uint8Array(input))));
    expect(read(fast)).toEqual(read(ProductType as never));
  }
  for (const value of [{ c0: 'a', c1: 1 }, { c0: 'a' }, { c0: undefined, c1: 1n }, { c0: 7, c1: 1n }, undefined]) {
    const write = (codecs: Pick<typeof fast, 'makeSerializer'>) =>
      failure(() => {
        const writer = new BinaryWriter(8);
        codecs.makeSerializer(type)(writer, value);
        return writer.getBuffer();
      });
    expect(write(fast)).toEqual(write(ProductType as never));
  }
});
