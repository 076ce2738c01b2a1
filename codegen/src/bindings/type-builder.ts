// Types as builder calls of the SDK, such as `__t.option(Point)`.

import {
  type AlgebraicType,
  isScheduleAt,
  isUnit,
  optionInner,
  type ProductElement,
  resultSides,
  specialName,
  toCase,
} from '@agora/host/schema';
import { type CodeWriter } from './code-writer.ts';

/** The names of types in the bindings, by their index in the typespace. */
export type TypeNames = ReadonlyMap<number, string>;

/** One property of a row, an argument list or a type. */
export interface Field {
  readonly key: string;
  readonly type: AlgebraicType;
  readonly isPrimaryKey?: boolean;
  /** The column's name in the database; written only if it differs from the key. */
  readonly columnName?: string;
}

/** The fields of a product under the keys that clients use. */
export function fieldsOf(elements: readonly ProductElement[]): Field[] {
  return elements.map(({ name, type }) => ({ key: toCase(name ?? '', 'camel'), type }));
}

/** Writes one property per field. A type with a reference becomes a getter, so that two files can import each other. */
export function writeFields(to: CodeWriter, fields: readonly Field[], names: TypeNames): void {
  for (const { key, type, isPrimaryKey, columnName } of fields) {
    const primaryKey = isPrimaryKey ? '.primaryKey()' : '';
    const name = columnName === undefined || columnName === key ? '' : `.name("${columnName}")`;
    const builder = `${typeBuilder(type, names)}${primaryKey}${name}`;
    if (refsOf(type).length === 0) to.lines(`${key}: ${builder},`);
    else to.block(`get ${key}() {`, to => to.lines(`return ${builder};`), '},');
  }
}

/** Writes the import of every named type that these types refer to. */
export function writeTypeImports(to: CodeWriter, types: readonly AlgebraicType[], names: TypeNames): void {
  const refs = [...new Set(types.flatMap(refsOf))].sort((a, b) => a - b);
  if (refs.length === 0) return;
  to.block('import {', to => to.lines(...refs.map(ref => `${nameOf(ref, names)},`)), '} from "./types";').lines('');
}

/** Returns the call that builds a type. */
export function typeBuilder(type: AlgebraicType, names: TypeNames): string {
  const inner = optionInner(type);
  if (inner) return `__t.option(${typeBuilder(inner, names)})`;
  const sides = resultSides(type);
  if (sides) return `__t.result(${typeBuilder(sides.ok, names)}, ${typeBuilder(sides.err, names)})`;
  switch (type.kind) {
    case 'ref':
      return nameOf(type.ref, names);
    case 'array':
      return type.element.kind === 'u8' ? '__t.byteArray()' : `__t.array(${typeBuilder(type.element, names)})`;
    case 'product':
    case 'sum':
      return `__t.${shapeName(type)}()`;
    default:
      return `__t.${type.kind}()`;
  }
}

/** The builder of an unnamed product or sum. `checkModule` ensures that it is one of SpacetimeDB's special shapes. */
function shapeName(type: AlgebraicType): string {
  if (isUnit(type)) return 'unit';
  if (isScheduleAt(type)) return 'scheduleAt';
  return specialName(type) ?? 'never';
}

/** The references in the call of a builder; a special shape contains none. */
function refsOf(type: AlgebraicType): number[] {
  if (type.kind === 'ref') return [type.ref];
  if (type.kind === 'array') return refsOf(type.element);
  const sides = resultSides(type);
  return [optionInner(type), sides?.ok, sides?.err].flatMap(part => (part ? refsOf(part) : []));
}

function nameOf(ref: number, names: TypeNames): string {
  const name = names.get(ref);
  if (name === undefined) throw new Error(`broken invariant: type reference ${ref} has a name`);
  return name;
}
