// The tables and views that a caller may name.

import type { Table } from '../datastore/table.ts';
import type { AlgebraicType, Typespace } from '../sats/type.ts';
import type { ColumnDef, ModuleDef, TableDef, ViewDef } from '../schema/definition.ts';
import type { QueryBudget } from './query-budget.ts';
import { QueryError } from './query-error.ts';
import type { QuerySource } from './source.ts';

/** A table or view; a view has no rows before it is opened. */
export interface Relation {
  readonly name: string;
  readonly columns: readonly ColumnDef[];
  readonly isView: boolean;
  readonly isEvent: boolean;
  open(): Table;
}

/** The scope of one caller. */
export interface Scope {
  readonly typespace: Typespace;
  readonly caller: bigint;
  /** The module whose row-level rules apply to this caller; undefined for a caller who sees every row. */
  readonly ruledBy: ModuleDef | undefined;
  find(name: string): Relation | undefined;
  /** The scope of rules for the same caller: every table, with all rows. */
  unruled(): Scope;
}

/** The scope of a caller: public tables and views, and for the owner everything. Views do not use the budget's time. */
export function callerScope(source: QuerySource, caller: bigint, budget?: QueryBudget): Scope {
  const seesPrivate = caller === source.owner;
  return {
    typespace: source.def.typespace,
    caller,
    ruledBy: seesPrivate ? undefined : source.def,
    unruled: () => viewScope(source, caller),
    find(name) {
      const table = source.datastore.tableByName(name);
      if (table) return seesPrivate || table.def.isPublic ? tableRelation(table) : undefined;
      const view = source.def.views.find(def => def.name === name || def.sourceName === name);
      return view && (seesPrivate || view.isPublic) ? viewRelation(source, view, caller, budget) : undefined;
    },
  };
}

/** The scope of a view's query: every table, no view. */
export function viewScope(source: Pick<QuerySource, 'def' | 'datastore'>, caller: bigint): Scope {
  const scope: Scope = {
    typespace: source.def.typespace,
    caller,
    ruledBy: undefined,
    unruled: () => scope,
    find(name) {
      const table = source.datastore.tableByName(name);
      return table && tableRelation(table);
    },
  };
  return scope;
}

/** The tables of `SELECT * FROM *`: public ones, except of events. */
export function everyTable(source: QuerySource): string[] {
  const isShown = (def: TableDef): boolean => def.isPublic && !def.isEvent;
  return [
    ...source.def.tables.filter(isShown).map(def => def.name),
    ...source.def.views.filter(def => def.isPublic).map(def => def.name),
  ];
}

/** The relation of a name. Throws `QueryError`, with the same text for unknown and hidden names. */
export function relationNamed(scope: Scope, name: string): Relation {
  const relation = scope.find(name);
  if (relation) return relation;
  throw new QueryError('query/name', `no such table: \`${name}\`. If the table exists, it may be marked private.`);
}

/** A column by its canonical or source name. */
export function columnNamed(columns: readonly ColumnDef[], name: string): number | undefined {
  const canonical = columns.findIndex(column => column.name === name);
  const at = canonical >= 0 ? canonical : columns.findIndex(column => column.sourceName === name);
  return at >= 0 ? at : undefined;
}

/** The type of an existing column. */
export function columnType(columns: readonly ColumnDef[], at: number): AlgebraicType {
  const column = columns[at];
  if (!column) throw new RangeError(`no column ${at}`);
  return column.type;
}

function tableRelation(table: Table): Relation {
  const { name, columns, isEvent } = table.def;
  return { name, columns, isEvent, isView: false, open: () => table };
}

function viewRelation(source: QuerySource, view: ViewDef, caller: bigint, budget: QueryBudget | undefined): Relation {
  const { name, columns } = view;
  const compute = (): Table => source.viewTable(view, caller);
  const open = (): Table => (budget ? budget.exempt(compute) : compute());
  return { name, columns, isEvent: false, isView: true, open };
}
