// A module's types with canonical names in them, and the questions that checking asks of types.

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

/** Renames fields and variants throughout; shapes that SpacetimeDB knows by their field names stay as they are. */
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

/** Whether the field names of a type carry its meaning: identity, timestamp, …, ScheduleAt, option, result. */
export function isKnownShape(type: AlgebraicType): boolean {
  return [specialName, isScheduleAt, optionInner, resultSides].some(known => Boolean(known(type)));
}

/** Reports every reference that leads out of the typespace; types are safe to follow only when there was none. */
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
 * Reports a product or sum that stands where clients need a name for it. `named` are the references that the module gave
 * names to.
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

/** Whether following a type leads back to it. */
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

/** Whether a type is a sum whose variants all carry nothing. */
export function isPlainEnum(type: AlgebraicType): boolean {
  return type.kind === 'sum' && type.variants.length > 0 && type.variants.every(({ type }) => isUnit(type));
}

/** The types that a type is directly made of. */
export function partsOf(type: AlgebraicType): readonly AlgebraicType[] {
  if (type.kind === 'array') return [type.element];
  if (type.kind === 'product') return type.elements.map(({ type }) => type);
  if (type.kind === 'sum') return type.variants.map(({ type }) => type);
  return [];
}
