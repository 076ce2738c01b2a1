// Files of types: `types.ts` with all named types, and the inferred arguments of reducers and procedures.

import {
  type AlgebraicType,
  type CheckedModule,
  isUnit,
  type ProcedureDef,
  type ReducerDef,
  toCase,
} from '@agora/host/schema';
import { byName, CodeWriter } from './code-writer.ts';
import { writeEntityHeader, writeInferHeader } from './headers.ts';
import { pascalName, procedureFile, reducerFile, typeNames } from './module-view.ts';
import { fieldsOf, type TypeNames, writeFields } from './type-builder.ts';

/** Returns `types.ts`: every named type except the argument lists of reducers, which have their own files. */
export function typesCode({ raw, def }: CheckedModule): string {
  const names = typeNames(def);
  const reducers = new Set(def.reducers.map(reducer => pascalName(reducer)));
  const to = new CodeWriter();
  writeEntityHeader(to);
  to.lines('');
  // By scope, then by name: these separators sort before every character of a name.
  const sorted = [...def.types].sort(
    byName(({ scope, name }) => [...scope.map(part => `${part}\u0001`), '\u0000', name].join('')),
  );
  for (const { ref } of sorted) {
    const name = names.get(ref) ?? '';
    const type = raw.typespace[ref];
    if (type && !reducers.has(name)) writeType(to, name, type, names);
  }
  return to.text;
}

function writeType(to: CodeWriter, name: string, type: AlgebraicType, names: TypeNames): void {
  if (type.kind === 'sum') {
    const variants = type.variants.map(variant => ({ key: toCase(variant.name ?? '', 'pascal'), type: variant.type }));
    // This type refers to itself, so TypeScript cannot infer it.
    const annotation = name === 'AlgebraicType' ? ': __TypeBuilder<__AlgebraicTypeType, __AlgebraicTypeType>' : '';
    to.lines(`// The tagged union or sum type for the algebraic type \`${name}\`.`);
    to.block(
      `export const ${name}${annotation} = __t.enum("${name}", {`,
      to => writeFields(to, variants, names),
      '});',
    );
  } else if (isUnit(type)) {
    to.lines(`export const ${name} = __t.object("${name}", {});`);
  } else if (type.kind === 'product') {
    to.block(
      `export const ${name} = __t.object("${name}", {`,
      to => writeFields(to, fieldsOf(type.elements), names),
      '});',
    );
  }
  to.lines(`export type ${name} = __Infer<typeof ${name}>;`, '');
}

/** Returns `types/reducers.ts`. */
export function reducerTypesCode(reducers: readonly ReducerDef[]): string {
  const to = new CodeWriter();
  writeInferHeader(to);
  to.lines('', '// Import all reducer arg schemas');
  for (const reducer of reducers) to.lines(`import ${pascalName(reducer)}Reducer from "../${reducerFile(reducer)}";`);
  to.lines('');
  for (const reducer of reducers) {
    to.lines(`export type ${pascalName(reducer)}Params = __Infer<typeof ${pascalName(reducer)}Reducer>;`);
  }
  return to.lines('').text;
}

/** Returns `types/procedures.ts`. */
export function procedureTypesCode(procedures: readonly ProcedureDef[]): string {
  const to = new CodeWriter();
  writeInferHeader(to);
  to.lines('', '// Import all procedure arg schemas');
  for (const procedure of procedures) {
    to.lines(`import * as ${pascalName(procedure)}Procedure from "../${procedureFile(procedure)}";`);
  }
  to.lines('');
  for (const procedure of procedures) {
    const name = pascalName(procedure);
    to.lines(
      `export type ${name}Args = __Infer<typeof ${name}Procedure.params>;`,
      `export type ${name}Result = __Infer<typeof ${name}Procedure.returnType>;`,
    );
  }
  return to.lines('').text;
}
