// Submodules in `index.ts`: their imports, and objects nested by namespace.

import {
  type CheckedModule,
  type ProcedureDef,
  type ReducerDef,
  type TableDef,
  type ViewDef,
} from '@agora/host/schema';
import { byName, type CodeWriter } from './code-writer.ts';
import {
  callableReducers,
  camelName,
  type Namespaced,
  pascalName,
  procedureFile,
  reducerFile,
  submodulesOf,
  tableFile,
} from './module-view.ts';

/** A visible item of a submodule with its namespace path. */
export type NamespacedItem<T> = Namespaced & { readonly item: T };

interface Named {
  readonly name: string;
  readonly sourceName: string;
}

/** The visible items of submodules, by kind. */
export interface NamespacedItems {
  readonly tables: readonly NamespacedItem<TableDef>[];
  readonly views: readonly NamespacedItem<ViewDef>[];
  readonly reducers: readonly NamespacedItem<ReducerDef>[];
  readonly procedures: readonly NamespacedItem<ProcedureDef>[];
}

/** Collects the visible items of submodules. Private items are left out, also with `includePrivate`. */
export function collectNamespaced(root: CheckedModule): NamespacedItems {
  const modules = submodulesOf(root);
  const each = <T>(of: (module: CheckedModule) => readonly T[]): NamespacedItem<T>[] =>
    modules.flatMap(at => of(at.module).map(item => ({ ...at, item })));
  return {
    tables: each(({ def }) => def.tables.filter(({ isPublic }) => isPublic)),
    views: each(({ def }) => def.views),
    reducers: each(module => callableReducers(module, {})),
    procedures: each(({ def }) => def.procedures.filter(({ isPrivate }) => !isPrivate)),
  };
}

/** Writes the imports of the items of submodules, one group per kind. */
export function writeNamespaceImports(to: CodeWriter, { tables, views, reducers, procedures }: NamespacedItems): void {
  const write = <T extends Named>(
    about: string,
    items: readonly NamespacedItem<T>[],
    line: (name: string, folder: string, item: T) => string,
  ) => {
    if (items.length === 0) return;
    to.lines('', `// Import namespace ${about}`);
    for (const { path, item } of items) to.lines(line(pascalName(item, path), path.join('/'), item));
  };
  write<TableDef | ViewDef>(
    'table schema definitions',
    [...tables, ...views],
    (name, folder, relation) => `import ${name}Row from "./${folder}/${tableFile(relation)}";`,
  );
  write(
    'reducer arg schemas',
    reducers,
    (name, folder, reducer) => `import ${name}Reducer from "./${folder}/${reducerFile(reducer)}";`,
  );
  write(
    'procedure arg schemas',
    procedures,
    (name, folder, procedure) => `import * as ${name}Procedure from "./${folder}/${procedureFile(procedure)}";`,
  );
}

/** Writes one nested object per namespace; its properties read their item from `from` by the flat key. */
export function writeNamespaceTree(
  to: CodeWriter,
  from: string,
  items: readonly NamespacedItem<Named>[],
  flatKey: (item: NamespacedItem<Named>) => string,
  depth = 0,
): void {
  const namespaces = new Set(items.flatMap(({ path }) => path[depth] ?? []));
  for (const namespace of [...namespaces].sort(byName(name => name))) {
    const inside = items.filter(({ path }) => path[depth] === namespace);
    to.block(
      `${namespace}: {`,
      to => {
        for (const one of inside.filter(({ path }) => path.length === depth + 1)) {
          to.lines(`${camelName(one.item)}: ${from}["${flatKey(one)}"],`);
        }
        writeNamespaceTree(to, from, inside, flatKey, depth + 1);
      },
      '},',
    );
  }
}
