// Files of one table, view, reducer or procedure each.

import { type CheckedModule, type ProcedureDef, type ProductElement, type ReducerDef } from '@agora/host/schema';
import { CodeWriter } from './code-writer.ts';
import { writeEntityHeader } from './headers.ts';
import { type Relation, typeNames } from './module-view.ts';
import { fieldsOf, typeBuilder, writeFields, writeTypeImports } from './type-builder.ts';

/** Returns the file of a table or view: its row type. */
export function tableCode(relation: Relation, { raw, def }: CheckedModule): string {
  const names = typeNames(def);
  const elements = rowOf(relation, raw);
  const fields = fieldsOf(elements).map((field, position) => ({
    ...field,
    isPrimaryKey: relation.primaryKey === position,
    columnName: relation.columns[position]?.name ?? field.key,
  }));
  const to = new CodeWriter();
  writeEntityHeader(to);
  writeTypeImports(
    to,
    elements.map(({ type }) => type),
    names,
  );
  to.lines('');
  to.block('export default __t.row({', to => writeFields(to, fields, names), '});');
  return to.text;
}

/** The row type with the names of the source; the keys of bindings derive from these. */
export function rowOf({ rowType }: Relation, { typespace }: CheckedModule['raw']): readonly ProductElement[] {
  const row = typespace[rowType];
  return row?.kind === 'product' ? row.elements : [];
}

/** Returns the file of a reducer: its arguments. */
export function reducerCode({ params: { elements } }: ReducerDef, { def }: CheckedModule): string {
  const names = typeNames(def);
  const to = new CodeWriter();
  writeEntityHeader(to);
  to.lines('');
  writeTypeImports(
    to,
    elements.map(({ type }) => type),
    names,
  );
  if (elements.length === 0) to.lines('export default {};');
  else to.block('export default {', to => writeFields(to, fieldsOf(elements), names), '};');
  return to.text;
}

/** Returns the file of a procedure: its arguments and its result. */
export function procedureCode({ params: { elements }, returns }: ProcedureDef, { def }: CheckedModule): string {
  const names = typeNames(def);
  const to = new CodeWriter();
  writeEntityHeader(to);
  to.lines('');
  writeTypeImports(to, [...elements.map(({ type }) => type), returns], names);
  to.block('export const params = {', to => writeFields(to, fieldsOf(elements), names), '};');
  // The official file ends without a line break.
  return `${to.text}export const returnType = ${typeBuilder(returns, names)}`;
}
