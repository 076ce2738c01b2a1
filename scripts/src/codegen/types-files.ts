// The files of types: `types.ts` with every named type, and the inferred arguments of reducers and procedures.

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

/** Every named type of a module, except the argument lists of its reducers, which have files of their own. */
export function typesCode({ raw, def }: CheckedModule): string {
  const names = typeNames(def);
  const reducers = new Set(def.reducers.map(reducer => pascalName(reducer)));
  const to = new CodeWriter();
  writeEntityHeader(to);
  to.lines('');
  // By scope and then by name: these characters stand before all that names are made of.
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
    // The SDK's own type of types refers to itself in a way that cannot be inferred.
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

/** `types/reducers.ts`. */
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

/** `types/procedures.ts`. */
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
