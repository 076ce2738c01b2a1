// A module's types with canonical names, and the predicates on types that the checks need.

import {
  type AlgebraicType,
  isScheduleAt,
  isUnit,
  optionInner,
  type ProductElement,
  resultSides,
  specialName,
  type Typespace,
} from '../sats/type.ts';
import { type Faults } from './faults.ts';
import { type CanonicalNames } from './names.ts';

/** Renames all fields and variants, except in shapes that SpacetimeDB recognises by their field names. */
export function canonicalType(type: AlgebraicType, names: CanonicalNames): AlgebraicType {
  const rename = (elements: readonly ProductElement[], to: (name: string) => string): ProductElement[] =>
    elements.map(({ name, type }) => ({
      name: name === undefined ? undefined : to(name),
      type: canonicalType(type, names),
    }));
  if (isKnownShape(type)) return type;
  switch (type.kind) {
    case 'product':
      return { kind: 'product', elements: rename(type.elements, name => names.field(name)) };
    case 'sum':
      return { kind: 'sum', variants: rename(type.variants, name => names.variant(name)) };
    case 'array':
      return { kind: 'array', element: canonicalType(type.element, names) };
    default:
      return type;
  }
}

/** Returns true if a type is recognised by its field names: identity, timestamp, …, ScheduleAt, option, result. */
export function isKnownShape(type: AlgebraicType): boolean {
  return [specialName, isScheduleAt, optionInner, resultSides].some(known => Boolean(known(type)));
}

/** Reports every reference out of the typespace. Returns true if there is none; only then may references be followed. */
export function checkReferences(types: readonly AlgebraicType[], typespace: Typespace, faults: Faults): boolean {
  let areSound = true;
  const visit = (type: AlgebraicType): void => {
    if (type.kind === 'ref') {
      const target = typespace[type.ref];
      if (target && target.kind !== 'ref') return;
      faults.add(`type reference ${type.ref} leads ${target ? 'to another reference' : 'nowhere'}`);
      areSound = false;
    }
    for (const part of partsOf(type)) visit(part);
  };
  types.forEach(visit);
  return areSound;
}

/**
 * Reports an unnamed product or sum in a place where clients need a name. `named` are the references that the module
 * names.
 */
export function checkUse(type: AlgebraicType, named: ReadonlySet<number>, where: string, faults: Faults): void {
  if (type.kind === 'ref') {
    if (!named.has(type.ref)) faults.add(`error at ${where}: type reference ${type.ref} has no name`);
    return;
  }
  if (type.kind === 'array') return checkUse(type.element, named, where, faults);
  const inner = optionInner(type);
  if (inner) return checkUse(inner, named, where, faults);
  const sides = resultSides(type);
  if (sides) {
    checkUse(sides.ok, named, where, faults);
    return checkUse(sides.err, named, where, faults);
  }
  const isInlined = (type.kind === 'product' && !isUnit(type)) || (type.kind === 'sum' && type.variants.length > 0);
  if (isInlined && !isKnownShape(type))
    faults.add(`error at ${where}: a ${type.kind} type needs a name of its own here`);
}

/** Returns true if a type contains itself. */
export function isRecursive(ref: number, typespace: Typespace): boolean {
  const seen = new Set<number>();
  const reaches = (type: AlgebraicType): boolean => {
    if (type.kind === 'ref') {
      if (type.ref === ref) return true;
      if (seen.has(type.ref)) return false;
      seen.add(type.ref);
      const target = typespace[type.ref];
      return target !== undefined && reaches(target);
    }
    return partsOf(type).some(reaches);
  };
  const start = typespace[ref];
  return start !== undefined && partsOf(start).some(reaches);
}

/** Returns true for a sum whose variants all have no payload. */
export function isPlainEnum(type: AlgebraicType): boolean {
  return type.kind === 'sum' && type.variants.length > 0 && type.variants.every(({ type }) => isUnit(type));
}

/** The direct parts of a type. */
export function partsOf(type: AlgebraicType): readonly AlgebraicType[] {
  if (type.kind === 'array') return [type.element];
  if (type.kind === 'product') return type.elements.map(({ type }) => type);
  if (type.kind === 'sum') return type.variants.map(({ type }) => type);
  return [];
}
