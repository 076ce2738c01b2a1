// Query plan: a query bound to its tables, which runs over all rows or over changed rows.

import type { Row } from '../datastore/row.ts';
import type { Table } from '../datastore/table.ts';
import type { CheckedSelect } from './check-select.ts';
import { compileAll, type Subjects, type Test } from './compile-condition.ts';
import {
  type Condition,
  type ColumnsCondition,
  conditionKey,
  type LiteralCondition,
  relationsOf,
} from './condition.ts';
import { type Guard, guardOf } from './guard.ts';
import { type Lookup, orderJoin, type JoinStep, type Tuple } from './join-order.ts';
import type { QueryBudget } from './query-budget.ts';

/** Receives one row of each relation; returning `false` stops. The list is reused for the next call. */
export type TupleVisitor = (tuple: readonly Row[]) => boolean;

/** One relation of a plan, for subscriptions to its changes. */
export interface PlanRelation {
  readonly table: Table;
  /** The conditions on this relation alone; undefined if there are none. */
  readonly test: Test<Uint8Array> | undefined;
  readonly guard: Guard | undefined;
}

/** An executable query. Plans with equal `key` return the same rows of the same relation. */
export class QueryPlan {
  readonly relations: readonly PlanRelation[];
  /** All conditions, which must all hold. */
  readonly conditions: readonly Condition[];
  readonly key: string;
  /** The relations with the rows of a view. */
  readonly views: readonly Table[];
  readonly #tables: readonly Table[];
  readonly #stepsFrom = new Map<number | undefined, readonly JoinStep[]>();

  /** Opens the relations, which computes views that have no rows yet. */
  constructor({ relations, conditions }: CheckedSelect) {
    this.#tables = relations.map(relation => relation.open());
    this.views = this.#tables.filter((_, at) => relations[at]?.isView);
    this.conditions = [...conditions, ...inferred(conditions)];
    this.relations = this.#tables.map((table, at) => {
      const local = this.conditions.filter(condition => isOnlyOf(condition, at));
      const test = compileAll(local, rowSubjects(table));
      return { table, test, guard: guardOf(local) };
    });
    const tables = this.#tables.map(({ id }) => id).join(',');
    this.key = `${tables}:${conditions.map(conditionKey).sort().join('&')}`;
  }

  /** Visits every tuple that meets the conditions. Throws `query/over-budget`. */
  each(visit: TupleVisitor, budget?: QueryBudget): void {
    const [only] = this.relations;
    const steps = this.#steps(undefined);
    if (only && this.relations.length === 1 && !steps[0]?.lookup) scan(only, visit, budget);
    else new Run(steps, visit, { budget }).step(0);
  }

  /** As `each`, with only these rows for one relation, and for the others that `others` names. */
  eachWith(
    relation: number,
    rows: readonly Row[],
    visit: TupleVisitor,
    others?: ReadonlyMap<number, readonly Row[]>,
  ): void {
    if (rows.length === 0) return;
    const run = new Run(this.#steps(relation), visit, { given: others });
    for (const row of rows) if (!run.take(0, row)) return;
  }

  /** The rows of one relation, each once for every tuple that contains it. Throws `query/over-budget`. */
  rowsOf(relation: number, budget?: QueryBudget): Row[] {
    const rows: Row[] = [];
    this.each(tuple => {
      const row = tuple[relation] as Row; // A tuple has a row for every relation.
      budget?.returnBytes(row.bytes.length);
      rows.push(row);
      return true;
    }, budget);
    return rows;
  }

  /** An estimate of the rows to read, with one join partner a row. */
  estimate(): number {
    let rows = 1;
    for (const { table, lookup } of this.#steps(undefined)) {
      if (!lookup) rows *= table.count;
      else if (lookup.index && lookup.isConstant) rows *= lookup.index.countOf(lookup.key([]));
    }
    return rows;
  }

  #steps(first: number | undefined): readonly JoinStep[] {
    let steps = this.#stepsFrom.get(first);
    if (!steps) {
      steps = orderJoin(this.#tables, this.conditions, first);
      this.#stepsFrom.set(first, steps);
    }
    return steps;
  }
}

/** One pass over the steps of a join. */
class Run {
  readonly #steps: readonly JoinStep[];
  readonly #visit: TupleVisitor;
  readonly #tuple: Tuple = [];
  readonly #hashes: (Map<string, Row[]> | undefined)[] = [];
  /** Rows that replace a whole relation in this run. */
  readonly #given: ReadonlyMap<number, readonly Row[]> | undefined;
  readonly #budget: QueryBudget | undefined;

  constructor(
    steps: readonly JoinStep[],
    visit: TupleVisitor,
    { given, budget }: { given?: ReadonlyMap<number, readonly Row[]> | undefined; budget?: QueryBudget | undefined },
  ) {
    this.#steps = steps;
    this.#visit = visit;
    this.#given = given;
    this.#budget = budget;
  }

  /** Visits the rows of one step; returns false if the visitor has stopped. */
  step(at: number): boolean {
    for (const row of this.#candidates(at)) if (!this.take(at, row)) return false;
    return true;
  }

  /** Sets the row of a step and continues with the next step. */
  take(at: number, row: Row): boolean {
    this.#budget?.readRow();
    const { relation, test } = this.#steps[at] as JoinStep;
    this.#tuple[relation] = row;
    if (test && !test(this.#tuple)) return true;
    return at + 1 === this.#steps.length ? this.#visit(this.#tuple) : this.step(at + 1);
  }

  #candidates(at: number): Iterable<Row> {
    const { relation, table, lookup } = this.#steps[at] as JoinStep;
    const given = this.#given?.get(relation);
    if (!lookup) return given ?? table.rows();
    const key = lookup.key(this.#tuple);
    if (lookup.index && !given) return lookup.index.point(key);
    const hash = (this.#hashes[at] ??= hashRows(given ?? table.rows(), lookup, this.#budget));
    return hash.get(key) ?? [];
  }
}

function hashRows(rows: Iterable<Row>, { index, reader }: Lookup, budget: QueryBudget | undefined): Map<string, Row[]> {
  const read = reader ?? index.table.layout.keyReader(index.def.columns);
  return Map.groupBy(rows, row => {
    budget?.readRow();
    return read(row.bytes);
  });
}

function scan({ table, test }: PlanRelation, visit: TupleVisitor, budget: QueryBudget | undefined): void {
  const tuple: Row[] = [];
  for (const row of table.rows()) {
    budget?.readRow();
    if (test && !test(row.bytes)) continue;
    tuple[0] = row;
    if (!visit(tuple)) return;
  }
}

function rowSubjects({ layout }: Table): Subjects<Uint8Array> {
  return { layout: () => layout, bytes: () => bytes => bytes };
}

function isOnlyOf(condition: Condition, relation: number): boolean {
  const relations = relationsOf(condition);
  return condition.kind === 'constant' || (relations.size === 1 && relations.has(relation));
}

/** Propagates a literal that equals a column to the columns that equal it. */
function inferred(conditions: readonly Condition[]): LiteralCondition[] {
  const isEquality = (condition: Condition): condition is ColumnsCondition | LiteralCondition =>
    (condition.kind === 'columns' || condition.kind === 'literal') &&
    condition.operator === '=' &&
    condition.comparesBytes;
  const equalities = conditions.filter(isEquality);
  const known = equalities.filter(condition => condition.kind === 'literal');
  const found: LiteralCondition[] = [];
  for (const literal of known) {
    for (const condition of equalities) {
      if (condition.kind !== 'columns') continue;
      for (const [from, to] of [
        [condition.left, condition.right],
        [condition.right, condition.left],
      ] as const) {
        const { relation, column } = literal.column;
        if (from.relation === relation && from.column === column) found.push({ ...literal, column: to });
      }
    }
  }
  return found;
}
