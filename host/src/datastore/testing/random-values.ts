// Random types and values for the tests of datastore.

import fc from 'fast-check';
import { type AlgebraicType, type PrimitiveKind, WIDTH } from '../../sats/type.ts';
import { encodeValue, type SatsValue } from '../../sats/value.ts';
import { BsatnWriter } from '../../sats/writer.ts';

const KINDS: readonly PrimitiveKind[] = ['string', ...(Object.keys(WIDTH) as (keyof typeof WIDTH)[])];

const { type: anyTypeTree } = fc.letrec<{ type: AlgebraicType }>(tie => {
  const parts = fc.array(tie('type'), { minLength: 1, maxLength: 3 });
  const named = parts.map(types => types.map((type, at) => ({ name: `p${at}`, type })));
  return {
    type: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      { weight: 4, arbitrary: fc.constantFrom(...KINDS).map((kind): AlgebraicType => ({ kind })) },
      { weight: 1, arbitrary: tie('type').map((element): AlgebraicType => ({ kind: 'array', element })) },
      { weight: 1, arbitrary: named.map((elements): AlgebraicType => ({ kind: 'product', elements })) },
      { weight: 1, arbitrary: named.map((variants): AlgebraicType => ({ kind: 'sum', variants })) },
    ),
  };
});

/** A type without references, a few levels deep. */
export const anyType: fc.Arbitrary<AlgebraicType> = anyTypeTree;

/** A value of a type. */
export function valueOf(type: AlgebraicType): fc.Arbitrary<SatsValue> {
  switch (type.kind) {
    case 'ref':
      throw new Error('types of tests have no references');
    case 'product':
      return fc.tuple(...type.elements.map(element => valueOf(element.type)));
    case 'sum':
      return fc.oneof(
        ...type.variants.map((variant, tag) => valueOf(variant.type).map((value): SatsValue => ({ tag, value }))),
      );
    case 'array':
      if (type.element.kind === 'u8') return fc.uint8Array({ maxLength: 5 });
      return fc.array(valueOf(type.element), { maxLength: 4 });
    case 'string':
      return fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\u{ff}', '\u{ffff}', '\u{10000}'), maxLength: 5 });
    case 'bool':
      return fc.boolean();
    case 'f32':
      return fc.float();
    case 'f64':
      return fc.double();
    default:
      return integerOf(type.kind);
  }
}

function integerOf(kind: Exclude<PrimitiveKind, 'string' | 'bool' | 'f32' | 'f64'>): fc.Arbitrary<number | bigint> {
  const bits = BigInt(WIDTH[kind] * 8);
  const [min, max] = kind.startsWith('i') ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  const near = fc.constantFrom(
    min,
    max,
    0n,
    1n,
    min === 0n ? 2n : -1n,
    255n > max ? max : 255n,
    256n > max ? max : 256n,
  );
  const any = fc.oneof(near, fc.bigInt({ min, max }));
  return bits < 64n ? any.map(Number) : any;
}

/** The BSATN of a value of a type. */
export function bsatnOf(type: AlgebraicType): fc.Arbitrary<Uint8Array> {
  return valueOf(type).map(value => encode(type, value));
}

export function encode(type: AlgebraicType, value: SatsValue): Uint8Array {
  const writer = new BsatnWriter();
  encodeValue(type, [], value, writer);
  return writer.finish();
}
