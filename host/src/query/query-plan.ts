// A query bound to its tables, ready to run: from the start, or from rows that changed.

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
import { QueryError } from './query-error.ts';

/** A join that meets more rows would keep everybody else waiting for seconds, and fill the memory with its result. */
const MAX_JOINED_ROWS = 5_000_000;

/** Called with one row of each relation; `false` stops. The list is used again for the next call. */
export type TupleVisitor = (tuple: readonly Row[]) => boolean;

/** One relation of a plan, for those who follow its changes. */
export interface PlanRelation {
  readonly table: Table;
  /** The conditions that look at this relation alone; undefined if there are none. */
  readonly test: Test<Uint8Array> | undefined;
  readonly guard: Guard | undefined;
}

/** What a query reads and how. Plans with one `key` give the same rows of the same relation. */
export class QueryPlan {
  readonly relations: readonly PlanRelation[];
  /** Everything that must hold. */
  readonly conditions: readonly Condition[];
  readonly key: string;
  /** The relations that hold the rows of a view. */
  readonly views: readonly Table[];
  readonly #tables: readonly Table[];
  readonly #stepsFrom = new Map<number | undefined, readonly JoinStep[]>();

  /** Opens the relations: views are computed if they were not. */
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

  /** Visits every way in which the conditions are met now. Throws `QueryError` if it meets too many rows on the way. */
  each(visit: TupleVisitor): void {
    const [only] = this.relations;
    const steps = this.#steps(undefined);
    if (only && this.relations.length === 1 && !steps[0]?.lookup) {
      scan(only, visit);
      return;
    }
    const stored = this.#tables.reduce((sum, table) => sum + table.count, 0);
    new Run(steps, visit, { mostRows: MAX_JOINED_ROWS + stored }).step(0);
  }

  /** As `each`, with only these rows in the place of one relation, and of the others if `others` names them. */
  eachWith(relation: number, rows: readonly Row[], visit: TupleVisitor, others?: ReadonlyMap<number, readonly Row[]>): void {
    if (rows.length === 0) return;
    const run = new Run(this.#steps(relation), visit, { given: others });
    for (const row of rows) if (!run.take(0, row)) return;
  }

  /** The rows of one relation, each as often as the conditions are met with it. */
  rowsOf(relation: number): Row[] {
    const rows: Row[] = [];
    this.each(tuple => {
      rows.push(tuple[relation] as Row);
      return true;
    });
    return rows;
  }

  /** How many rows will be read, taking a row to have one partner. */
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
  /** Rows that stand for all of a relation in this run. */
  readonly #given: ReadonlyMap<number, readonly Row[]> | undefined;

  #rowsLeft: number;

  constructor(
    steps: readonly JoinStep[],
    visit: TupleVisitor,
    { given, mostRows = Infinity }: { given?: ReadonlyMap<number, readonly Row[]> | undefined; mostRows?: number },
  ) {
    this.#steps = steps;
    this.#visit = visit;
    this.#given = given;
    this.#rowsLeft = mostRows;
  }

  /** Goes through the rows of one step; false when the visitor has stopped. */
  step(at: number): boolean {
    for (const row of this.#candidates(at)) if (!this.take(at, row)) return false;
    return true;
  }

  /** Puts a row in the place of a step and goes on from there. */
  take(at: number, row: Row): boolean {
    if (--this.#rowsLeft < 0) throw new QueryError('query/limit', `The join meets more than ${MAX_JOINED_ROWS} rows`);
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
    const hash = (this.#hashes[at] ??= hashRows(given ?? table.rows(), lookup));
    return hash.get(key) ?? [];
  }
}

function hashRows(rows: Iterable<Row>, { index, reader }: Lookup): Map<string, Row[]> {
  const read = reader ?? index.table.layout.keyReader(index.def.columns);
  return Map.groupBy(rows, row => read(row.bytes));
}

function scan({ table, test }: PlanRelation, visit: TupleVisitor): void {
  const tuple: Row[] = [];
  for (const row of table.rows()) {
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

/** A column that equals a literal passes it on to the columns that equal it. */
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
