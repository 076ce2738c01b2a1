// The bindings of a module as files, the same in names and bytes as `spacetime generate --lang typescript` writes them.

import { type CheckedModule } from '@agora/host/schema';
import { procedureCode, reducerCode, tableCode } from './entity-files.ts';
import { indexCode } from './index-file.ts';
import {
  type BindingOptions,
  procedureFile,
  reducerFile,
  shownProcedures,
  shownReducers,
  shownTables,
  shownViews,
  submodulesOf,
  tableFile,
} from './module-view.ts';
import { procedureTypesCode, reducerTypesCode, typesCode } from './types-files.ts';

/** Every file by its path below the output folder, with `/` between folders. */
export type GeneratedFiles = ReadonlyMap<string, string>;

/** Generates the bindings of a whole tree of modules. */
export function generateBindings(root: CheckedModule, options: BindingOptions = {}): GeneratedFiles {
  const files = new Map<string, string>([
    ['index.ts', indexCode(root, options)],
    ['types/reducers.ts', reducerTypesCode(shownReducers(root, options))],
    ['types/procedures.ts', procedureTypesCode(shownProcedures(root, options))],
  ]);
  addModule(files, '', root, options);
  // Private tables and functions of a submodule are never shown.
  for (const { path, module } of submodulesOf(root)) addModule(files, `${path.join('/')}/`, module, {});
  return files;
}

/** Adds the files of one module, without those of its submodules. */
function addModule(files: Map<string, string>, folder: string, module: CheckedModule, options: BindingOptions): void {
  const add = (name: string, code: string) => files.set(`${folder}${name}.ts`, code);
  for (const relation of [...shownTables(module, options), ...shownViews(module)]) {
    add(tableFile(relation), tableCode(relation, module));
  }
  for (const reducer of shownReducers(module, options)) add(reducerFile(reducer), reducerCode(reducer, module));
  for (const procedure of shownProcedures(module, options))
    add(procedureFile(procedure), procedureCode(procedure, module));
  add('types', typesCode(module));
}
