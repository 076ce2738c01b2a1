// Random types with values, for property tests over all types.

import fc from 'fast-check';
import { type AlgebraicType, type PrimitiveKind } from '../type.ts';
import { type SatsValue, UNIT } from '../value.ts';

/** A type and values of it. */
export interface Typed {
  readonly type: AlgebraicType;
  readonly values: readonly [SatsValue, SatsValue, SatsValue];
}

interface Sample {
  readonly type: AlgebraicType;
  readonly value: fc.Arbitrary<SatsValue>;
}

const signed = (bits: bigint) => fc.bigInt({ min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n });
const unsigned = (bits: bigint) => fc.bigInt({ min: 0n, max: (1n << bits) - 1n });

const PRIMITIVES: Record<PrimitiveKind, fc.Arbitrary<SatsValue>> = {
  string: fc.string({ unit: 'binary', maxLength: 12 }),
  bool: fc.boolean(),
  i8: fc.integer({ min: -128, max: 127 }),
  u8: fc.integer({ min: 0, max: 255 }),
  i16: fc.integer({ min: -32768, max: 32767 }),
  u16: fc.integer({ min: 0, max: 65535 }),
  i32: fc.integer(),
  u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  i64: signed(64n),
  u64: unsigned(64n),
  i128: signed(128n),
  u128: unsigned(128n),
  i256: signed(256n),
  u256: unsigned(256n),
  f32: fc.float({ noNaN: true, noDefaultInfinity: true }),
  f64: fc.double({ noNaN: true, noDefaultInfinity: true }),
};

const primitive: fc.Arbitrary<Sample> = fc
  .constantFrom(...(Object.keys(PRIMITIVES) as PrimitiveKind[]))
  .map(kind => ({ type: { kind }, value: PRIMITIVES[kind] }));

const { sample } = fc.letrec<{ sample: Sample }>(tie => {
  const part = tie('sample');
  const product = fc.array(part, { maxLength: 4 }).map((parts): Sample => ({
    type: { kind: 'product', elements: parts.map(({ type }, at) => ({ name: `field_${at}`, type })) },
    value: fc.tuple(...parts.map(({ value }) => value)),
  }));
  const sum = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts): Sample => ({
    type: { kind: 'sum', variants: parts.map(({ type }, at) => ({ name: `variant${at}`, type })) },
    value: fc.oneof(...parts.map((one, tag) => one.value.map(value => ({ tag, value })))),
  }));
  const option = part.map((some): Sample => ({
    type: {
      kind: 'sum',
      variants: [
        { name: 'some', type: some.type },
        { name: 'none', type: { kind: 'product', elements: [] } },
      ],
    },
    value: fc.oneof(
      some.value.map(value => ({ tag: 0, value })),
      fc.constant({ tag: 1, value: UNIT }),
    ),
  }));
  const array = part.map(({ type, value }): Sample => ({
    type: { kind: 'array', element: type },
    value: type.kind === 'u8' ? fc.uint8Array({ maxLength: 9 }) : fc.array(value, { maxLength: 4 }),
  }));
  return {
    sample: fc.oneof({ maxDepth: 3 }, primitive, primitive, product, sum, option, array),
  };
});

/** Any type without references, with three values of it. */
export const typed: fc.Arbitrary<Typed> = sample.chain(({ type, value }) =>
  fc.tuple(value, value, value).map(values => ({ type, values })),
);
