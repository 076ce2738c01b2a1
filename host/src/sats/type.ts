// The algebraic types of SpacetimeDB (SATS): the types of columns, arguments and whole rows.

/** The name of a type without parts. `i64` and larger integers are `bigint` in JavaScript, smaller ones `number`. */
export type PrimitiveKind =
  | 'string'
  | 'bool'
  | 'i8'
  | 'u8'
  | 'i16'
  | 'u16'
  | 'i32'
  | 'u32'
  | 'i64'
  | 'u64'
  | 'i128'
  | 'u128'
  | 'i256'
  | 'u256'
  | 'f32'
  | 'f64';

/** A field of a product or a variant of a sum; either may be nameless. */
export interface ProductElement {
  readonly name: string | undefined;
  readonly type: AlgebraicType;
}

/** A type whose values have all of its elements, in order. */
export interface ProductType {
  readonly kind: 'product';
  readonly elements: readonly ProductElement[];
}

/** A type whose values are one of its variants. */
export interface SumType {
  readonly kind: 'sum';
  readonly variants: readonly ProductElement[];
}

/** A type whose values are any number of values of one type. */
export interface ArrayType {
  readonly kind: 'array';
  readonly element: AlgebraicType;
}

/** A reference into the typespace of the module. */
export interface RefType {
  readonly kind: 'ref';
  readonly ref: number;
}

/** Any type; a reference points into the typespace of its module. */
export type AlgebraicType = RefType | SumType | ProductType | ArrayType | { readonly kind: PrimitiveKind };

/** A table of types that `ref` points into. */
export type Typespace = readonly AlgebraicType[];

/** Bytes of each fixed-width primitive; `string` is missing because its length varies. */
export const WIDTH = {
  bool: 1,
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  f32: 4,
  i64: 8,
  u64: 8,
  f64: 8,
  i128: 16,
  u128: 16,
  i256: 32,
  u256: 32,
} as const satisfies Record<Exclude<PrimitiveKind, 'string'>, number>;

/** One-field products with a special meaning, by the name of their field. */
export const SPECIAL_FIELDS = {
  __identity__: 'identity',
  __connection_id__: 'connectionId',
  __timestamp_micros_since_unix_epoch__: 'timestamp',
  __time_duration_micros__: 'timeDuration',
  __uuid__: 'uuid',
} as const;

/** A special meaning of a one-field product. */
export type SpecialName = (typeof SPECIAL_FIELDS)[keyof typeof SPECIAL_FIELDS];

/** Follows references to the type they lead to. */
export function resolveType(type: AlgebraicType, typespace: Typespace): Exclude<AlgebraicType, RefType> {
  let at = type;
  for (let hops = 0; at.kind === 'ref'; hops++) {
    const next = typespace[at.ref];
    if (!next || hops > typespace.length) throw new Error(`type reference ${at.ref} leads nowhere`);
    at = next;
  }
  return at;
}

/** The special meaning of a product (`identity`, `timestamp`, …), or undefined. */
export function specialName(type: AlgebraicType): SpecialName | undefined {
  if (type.kind !== 'product' || type.elements.length !== 1) return undefined;
  const name = type.elements[0]?.name;
  return name !== undefined && name in SPECIAL_FIELDS ? SPECIAL_FIELDS[name as keyof typeof SPECIAL_FIELDS] : undefined;
}

/** The inner type of an option (`some` first, then an empty `none`), or undefined. */
export function optionInner(type: AlgebraicType): AlgebraicType | undefined {
  if (type.kind !== 'sum' || type.variants.length !== 2) return undefined;
  const [some, none] = type.variants;
  const isOption = some?.name === 'some' && none?.name === 'none' && isUnit(none.type);
  return isOption ? some.type : undefined;
}

/** The two sides of a result (`ok` first, then `err`), or undefined. */
export function resultSides(type: AlgebraicType): { ok: AlgebraicType; err: AlgebraicType } | undefined {
  if (type.kind !== 'sum' || type.variants.length !== 2) return undefined;
  const [ok, err] = type.variants;
  return ok?.name === 'ok' && err?.name === 'err' ? { ok: ok.type, err: err.type } : undefined;
}

/** Returns true if a type is ScheduleAt: a sum of an interval and a time. */
export function isScheduleAt(type: AlgebraicType): boolean {
  if (type.kind !== 'sum' || type.variants.length !== 2) return false;
  const [interval, time] = type.variants;
  return (
    interval?.name === 'Interval' &&
    time?.name === 'Time' &&
    specialName(interval.type) === 'timeDuration' &&
    specialName(time.type) === 'timestamp'
  );
}

/** Returns true if a type is the product without elements. */
export function isUnit(type: AlgebraicType): boolean {
  return type.kind === 'product' && type.elements.length === 0;
}
