// Compiled walks: steps over the values of a type without a look at the type for each row.

import { isUtf8 } from 'node:buffer';
import { BsatnError } from '../sats/reader.ts';
import { type AlgebraicType, resolveType, type Typespace, WIDTH } from '../sats/type.ts';
import { assert } from '../errors.ts';

/** Returns the end of the value that starts at `at`. */
export type Step = (bytes: Uint8Array, at: number) => number;

/** The steps over values of one type, and their length if it is fixed. */
export interface Walk {
  /** Length of every value in bytes; undefined if values differ in length. */
  readonly width: number | undefined;
  /** True if any bytes of that width are a valid value. */
  readonly isFree: boolean;
  /** Steps over a checked value. */
  readonly skip: Step;
  /** Steps over unchecked bytes; throws `BsatnError` if they are not a value. */
  readonly check: Step;
}

/** Row types are not recursive; the limit only stops a broken schema. */
const MAX_DEPTH = 256;

/** Elements of width 0 cost no bytes, so the input length cannot bound their number; none of them is looked at. */
const MAX_EMPTY_ELEMENTS = 65_536;

/** Compiles the steps over values of a type. */
export function compileWalk(type: AlgebraicType, typespace: Typespace, depth = 0): Walk {
  assert(depth < MAX_DEPTH, `a type is nested less than ${MAX_DEPTH} levels`);
  const inner = (of: AlgebraicType): Walk => compileWalk(of, typespace, depth + 1);
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'product':
      return walkProduct(resolved.elements.map(element => inner(element.type)));
    case 'sum':
      return walkSum(resolved.variants.map(variant => inner(variant.type)));
    case 'array':
      return walkArray(inner(resolved.element));
    case 'string':
      return { width: undefined, isFree: false, skip: skipString, check: checkString };
    case 'bool':
      return { width: 1, isFree: false, skip: (_bytes, at) => at + 1, check: checkBool };
    default:
      return walkFree(WIDTH[resolved.kind]);
  }
}

function walkFree(width: number): Walk {
  return { width, isFree: true, skip: (_bytes, at) => at + width, check: (bytes, at) => within(bytes, at + width) };
}

function walkProduct(parts: readonly Walk[]): Walk {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const width = sumOfWidths(parts);
  if (width !== undefined && parts.every(part => part.isFree)) return walkFree(width);
  const through =
    (steps: readonly Step[]): Step =>
    (bytes, at) => {
      for (const step of steps) at = step(bytes, at);
      return at;
    };
  const skip = width === undefined ? through(parts.map(part => part.skip)) : walkFree(width).skip;
  return { width, isFree: false, skip, check: through(parts.map(part => part.check)) };
}

function walkSum(variants: readonly Walk[]): Walk {
  const first = variants[0]?.width;
  const width = first !== undefined && variants.every(variant => variant.width === first) ? 1 + first : undefined;
  const skips = variants.map(variant => variant.skip);
  const checks = variants.map(variant => variant.check);
  return {
    width,
    isFree: false,
    skip:
      width === undefined ? (bytes, at) => (skips[bytes[at] as number] as Step)(bytes, at + 1) : walkFree(width).skip,
    check: (bytes, at) => {
      within(bytes, at + 1);
      const tag = bytes[at] as number;
      const check = checks[tag];
      if (!check) throw new BsatnError(`unknown tag ${tag} of a sum of ${checks.length} variants`);
      return check(bytes, at + 1);
    },
  };
}

function walkArray(element: Walk): Walk {
  const { width, isFree, skip, check } = element;
  const repeat = (step: Step, bytes: Uint8Array, at: number): number => {
    let end = at + 4;
    for (let left = readU32(bytes, at); left > 0; left--) end = step(bytes, end);
    return end;
  };
  return {
    width: undefined,
    isFree: false,
    skip: (bytes, at) => (width === undefined ? repeat(skip, bytes, at) : at + 4 + width * readU32(bytes, at)),
    check: (bytes, at) => {
      within(bytes, at + 4);
      const count = readU32(bytes, at);
      if (isFree && width !== undefined && width > 0) return within(bytes, at + 4 + width * count);
      if (count > bytes.length - at + MAX_EMPTY_ELEMENTS) within(bytes, at + 4 + count);
      return width === 0 ? at + 4 : repeat(check, bytes, at);
    },
  };
}

function skipString(bytes: Uint8Array, at: number): number {
  return at + 4 + readU32(bytes, at);
}

function checkString(bytes: Uint8Array, at: number): number {
  within(bytes, at + 4);
  const start = at + 4;
  const end = within(bytes, start + readU32(bytes, at));
  // Most strings of most rows are short and ASCII; a loop detects that faster than a call into C++.
  if (end - start <= 64) {
    let seen = start;
    while (seen < end && (bytes[seen] as number) < 0x80) seen++;
    if (seen === end) return end;
  }
  if (!isUtf8(bytes.subarray(start, end))) throw new BsatnError('invalid UTF-8 in a string');
  return end;
}

function checkBool(bytes: Uint8Array, at: number): number {
  within(bytes, at + 1);
  if ((bytes[at] as number) > 1) throw new BsatnError(`invalid bool ${bytes[at]}`);
  return at + 1;
}

/** A u32 that is known to lie within the bytes. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

function within(bytes: Uint8Array, end: number): number {
  if (end > bytes.length) throw new BsatnError(`data too short: ${end - bytes.length} bytes missing`);
  return end;
}

function sumOfWidths(parts: readonly Walk[]): number | undefined {
  let sum = 0;
  for (const { width } of parts) {
    if (width === undefined) return undefined;
    sum += width;
  }
  return sum;
}
