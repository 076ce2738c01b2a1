// The visible part of a module, in the order and under the names of the official generator.

import {
  type CheckedModule,
  type ModuleDef,
  type ProcedureDef,
  type ReducerDef,
  type TableDef,
  toCase,
  type ViewDef,
} from '@agora/host/schema';
import { byName } from './code-writer.ts';

/** Options of the bindings. */
export interface BindingOptions {
  /** Includes private tables and functions of the root module; default false. */
  readonly includePrivate?: boolean;
}

/** A module of the tree with its namespace path, which is empty for the root. */
export interface Namespaced {
  readonly path: readonly string[];
  readonly module: CheckedModule;
}

/** A table or a view. Clients see a view as a table without indexes. */
export type Relation = TableDef | ViewDef;

/** The tables that get a file, ordered by name. */
export function shownTables({ def }: CheckedModule, { includePrivate }: BindingOptions): TableDef[] {
  return def.tables.filter(({ isPublic }) => includePrivate || isPublic).sort(byName(({ name }) => name));
}

/** The views that get a file, ordered by name. */
export function shownViews({ def }: CheckedModule): ViewDef[] {
  return [...def.views].sort(byName(({ name }) => name));
}

/** The reducers that get a file. Clients can call those without a `lifecycle`. */
export function shownReducers({ def }: CheckedModule, { includePrivate }: BindingOptions): ReducerDef[] {
  return def.reducers.filter(({ isPrivate, lifecycle }) => lifecycle !== 'init' && (includePrivate || !isPrivate));
}

/** The reducers that a client can call. */
export function callableReducers(module: CheckedModule, options: BindingOptions): ReducerDef[] {
  return shownReducers(module, options).filter(({ lifecycle }) => lifecycle === undefined);
}

/** The procedures that get a file, ordered by name. */
export function shownProcedures({ def }: CheckedModule, { includePrivate }: BindingOptions): ProcedureDef[] {
  return def.procedures.filter(({ isPrivate }) => includePrivate || !isPrivate).sort(byName(({ name }) => name));
}

/** All modules below the root, depth first. Their private tables and functions are never shown. */
export function submodulesOf({ submodules }: CheckedModule, path: readonly string[] = []): Namespaced[] {
  return submodules.flatMap(({ namespace, module }) => {
    const inner = [...path, namespace];
    return [{ path: inner, module }, ...submodulesOf(module, inner)];
  });
}

/** The file of a table or view, without its extension. */
export const tableFile = ({ sourceName }: Relation) => `${toCase(sourceName, 'snake')}_table`;
/** The file of a reducer, without its extension. */
export const reducerFile = ({ sourceName }: ReducerDef) => `${toCase(sourceName, 'snake')}_reducer`;
/** The file of a procedure, without its extension. */
export const procedureFile = ({ sourceName }: ProcedureDef) => `${toCase(sourceName, 'snake')}_procedure`;

/** `Player`, or `Lib_Player` in a submodule, which cannot collide with `LibPlayer` of the root. */
export function pascalName({ sourceName }: { readonly sourceName: string }, path: readonly string[] = []): string {
  const name = toCase(sourceName, 'pascal');
  return path.length === 0 ? name : `${toCase(path.join('_'), 'pascal')}_${name}`;
}

/** The key of a table or function in the bindings. */
export const camelName = ({ sourceName }: { readonly sourceName: string }) => toCase(sourceName, 'camel');

/** The import name of each named type, by its reference. */
export function typeNames({ types }: ModuleDef): Map<number, string> {
  return new Map(
    types.map(({ ref, scope, name }) => [ref, [...scope, name].map(part => toCase(part, 'pascal')).join('')]),
  );
}
