// Join order: the order in which the relations of a query are read, and the index by which each is reached.

import type { Row } from '../datastore/row.ts';
import { keyOfBytes, type KeyReader } from '../datastore/row-key.ts';
import { type Table, type Index } from '../datastore/table.ts';
import { compileAll, type Subjects, type Test } from './compile-condition.ts';
import { type Condition, relationsOf } from './condition.ts';

/** One row of each relation read so far, by the position of the relation. */
export type Tuple = Row[];

/** Builds a key from the rows read so far. */
type TupleKey = (tuple: Tuple) => string;

/** Finds the rows of a step without a scan: in an index, or in a hash built for one run. */
export type Lookup =
  | { readonly index: Index; readonly reader?: undefined; readonly key: TupleKey; readonly isConstant: boolean }
  | { readonly index: undefined; readonly reader: KeyReader; readonly key: TupleKey };

/** One relation of a join. */
export interface JoinStep {
  readonly relation: number;
  readonly table: Table;
  readonly lookup: Lookup | undefined;
  /** The conditions that can be tested after this relation's row is read. */
  readonly test: Test<Tuple> | undefined;
}

/** A column whose value is known before its relation is read. */
interface Bound {
  readonly column: number;
  readonly key: TupleKey;
  /** True if the key comes from a literal and not from another row. */
  readonly isConstant: boolean;
}

/** Orders the relations, starting with `first` if it is given, else with one that an index reaches. */
export function orderJoin(tables: readonly Table[], conditions: readonly Condition[], first?: number): JoinStep[] {
  const steps: JoinStep[] = [];
  const read = new Set<number>();
  const left = new Set(conditions);
  const add = (relation: number, isGiven: boolean): void => {
    const lookup = isGiven ? undefined : lookupOf(relation, tables, conditions, read);
    read.add(relation);
    const decided = [...left].filter(condition => relationsOf(condition).isSubsetOf(read));
    for (const condition of decided) left.delete(condition);
    steps.push({ relation, table: at(tables, relation), lookup, test: compileAll(decided, tupleSubjects(tables)) });
  };
  if (first !== undefined) add(first, true);
  while (read.size < tables.length) add(nextRelation(tables, conditions, read), false);
  return steps;
}

/** Access of conditions to the rows of a tuple. */
function tupleSubjects(tables: readonly Table[]): Subjects<Tuple> {
  return {
    layout: relation => at(tables, relation).layout,
    bytes: relation => tuple => at(tuple, relation).bytes,
  };
}

/** The best relation to read next: by an index, else by a hash, else the first in the order of the query. */
function nextRelation(tables: readonly Table[], conditions: readonly Condition[], read: ReadonlySet<number>): number {
  const rest = tables
    .keys()
    .filter(relation => !read.has(relation))
    .toArray();
  const lookups = rest.map(relation => ({ relation, lookup: lookupOf(relation, tables, conditions, read) }));
  const best =
    lookups.find(({ lookup }) => lookup?.index?.isUnique) ??
    lookups.find(({ lookup }) => lookup?.index) ??
    lookups.find(({ lookup }) => lookup) ??
    lookups[0];
  return best?.relation ?? 0;
}

function lookupOf(
  relation: number,
  tables: readonly Table[],
  conditions: readonly Condition[],
  read: ReadonlySet<number>,
): Lookup | undefined {
  const table = at(tables, relation);
  const bounds = boundColumns(relation, tables, conditions, read);
  const usable = table.indexes.filter(({ def }) =>
    def.columns.every(column => bounds.some(bound => bound.column === column)),
  );
  const index = usable.find(({ isUnique }) => isUnique) ?? mostColumns(usable);
  if (index) return { index, ...compositeKey(index.def.columns, bounds) };
  const bound = bounds.find(({ isConstant }) => !isConstant);
  return bound && { index: undefined, reader: table.layout.keyReader([bound.column]), key: bound.key };
}

/** The columns of a relation that an equality binds to a literal or to a relation already read. */
function boundColumns(
  relation: number,
  tables: readonly Table[],
  conditions: readonly Condition[],
  read: ReadonlySet<number>,
): Bound[] {
  const bounds: Bound[] = [];
  for (const condition of conditions) {
    if (condition.kind === 'literal' && condition.operator === '=' && condition.comparesBytes) {
      if (condition.column.relation !== relation) continue;
      const key = keyOfBytes(condition.bytes);
      bounds.push({ column: condition.column.column, key: () => key, isConstant: true });
    }
    if (condition.kind === 'columns' && condition.operator === '=' && condition.comparesBytes) {
      const { left, right } = condition;
      for (const [own, other] of [
        [left, right],
        [right, left],
      ] as const) {
        if (own.relation !== relation || !read.has(other.relation)) continue;
        const reader = at(tables, other.relation).layout.keyReader([other.column]);
        const key: TupleKey = tuple => reader(at(tuple, other.relation).bytes);
        bounds.push({ column: own.column, key, isConstant: false });
      }
    }
  }
  return bounds;
}

/** The key of an index is the concatenation of the keys of its columns. */
function compositeKey(columns: readonly number[], bounds: readonly Bound[]): { key: TupleKey; isConstant: boolean } {
  const parts = columns.flatMap(column => bounds.find(bound => bound.column === column) ?? []);
  const isConstant = parts.every(part => part.isConstant);
  const [only, ...others] = parts;
  if (only && others.length === 0) return { key: only.key, isConstant };
  return { key: tuple => parts.map(({ key }) => key(tuple)).join(''), isConstant };
}

function mostColumns(indexes: readonly Index[]): Index | undefined {
  return indexes.toSorted((a, b) => b.def.columns.length - a.def.columns.length)[0];
}

/** Positions come from the query itself, so they exist. */
function at<T>(list: readonly T[], position: number): T {
  return list[position] as T;
}
