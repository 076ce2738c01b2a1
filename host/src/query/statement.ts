// One statement of HTTP SQL: a select with columns, counts and limits, or a write by the owner.

import type { Commit } from '../datastore/commit.ts';
import type { Row } from '../datastore/row.ts';
import type { ProductType } from '../sats/type.ts';
import { BsatnWriter } from '../sats/writer.ts';
import { type CheckedSelect, checkSelect, type Output } from './check-select.ts';
import { parseSql } from './parser.ts';
import { QueryPlan } from './query-plan.ts';
import { refuseManyRows } from './query.ts';
import { createQueryBudget, type QueryBudget } from './query-budget.ts';
import { QueryError } from './query-error.ts';
import { narrowed } from './row-level-security.ts';
import { callerScope, type Scope } from './scope.ts';
import type { SystemVariables, WritableSource } from './source.ts';
import { setVariable, showVariable } from './system-variables.ts';
import { type StatementResult } from './statement-result.ts';
import { compileWrite, type WriteStats } from './write-statement.ts';

export { type StatementResult, statementJson } from './statement-result.ts';

/** The counts of a statement that changed no row. */
export const NOTHING_WRITTEN: WriteStats = { rowsInserted: 0, rowsDeleted: 0, rowsUpdated: 0 };
const NO_COLUMNS: ProductType = { kind: 'product', elements: [] };

/** Runs one statement. Throws `QueryError` or `query/over-budget`, with the text of the response. */
export function runStatement<C extends { readonly identity: bigint }>(
  source: WritableSource<C>,
  sql: string,
  caller: C,
  variables: SystemVariables,
  budget = createQueryBudget(caller.identity === source.owner),
): StatementResult {
  const statement = parseSql(sql);
  const scope = callerScope(source, caller.identity, budget);
  const isOwner = caller.identity === source.owner;
  const { typespace } = scope;
  switch (statement.kind) {
    case 'select':
      return runSelect(narrowed(checkSelect(statement, scope), scope), scope, isOwner ? undefined : variables, budget);
    case 'show': {
      const { schema, rows } = showVariable(statement, variables, isOwner);
      return { schema, rows, typespace, stats: NOTHING_WRITTEN, commit: undefined, budget };
    }
    case 'set':
      setVariable(statement, variables, isOwner);
      return result({ ...NOTHING_WRITTEN, rowsInserted: 1 }, undefined);
    case 'insert':
    case 'update':
    case 'delete': {
      const write = compileWrite(statement, scope);
      if (!isOwner) throw unauthorized(caller.identity);
      const { outcome, value } = source.write(caller, write);
      if ('commit' in outcome && value) return result(value, outcome.commit);
      throw new QueryError('query/conflict', 'message' in outcome ? outcome.message : 'the statement was rolled back');
    }
  }

  function result(stats: WriteStats, commit: Commit | undefined): StatementResult {
    return { schema: NO_COLUMNS, typespace, rows: [], stats, commit, budget };
  }
}

function runSelect(
  queries: readonly [CheckedSelect, ...CheckedSelect[]],
  { typespace }: Scope,
  variables: SystemVariables | undefined,
  budget: QueryBudget,
): StatementResult {
  const plans = queries.map(query => new QueryPlan(query));
  if (variables) for (const plan of plans) refuseManyRows(plan, variables);
  const { output, limit = BigInt(Number.MAX_SAFE_INTEGER) } = queries[0];
  const rows = output.kind === 'count' ? [countRow(plans, budget)] : outputRows(plans, output, Number(limit), budget);
  return {
    schema: outputType(queries[0], output),
    typespace,
    rows: rows.slice(0, Number(limit)),
    stats: NOTHING_WRITTEN,
    commit: undefined,
    budget,
  };
}

function outputType({ relations }: CheckedSelect, output: Output): ProductType {
  switch (output.kind) {
    case 'rows': {
      const columns = relations[output.relation]?.columns ?? [];
      return { kind: 'product', elements: columns.map(({ name, type }) => ({ name, type })) };
    }
    case 'count':
      return { kind: 'product', elements: [{ name: output.alias, type: { kind: 'u64' } }] };
    case 'columns':
      return {
        kind: 'product',
        elements: output.columns.map(({ column, alias }) => ({ name: alias, type: column.type })),
      };
  }
}

function outputRows(
  plans: readonly QueryPlan[],
  output: Exclude<Output, { kind: 'count' }>,
  limit: number,
  budget: QueryBudget,
): Uint8Array[] {
  const rows: Uint8Array[] = [];
  const writer = new BsatnWriter();
  for (const plan of plans) {
    if (rows.length >= limit) break;
    plan.each(tuple => {
      const row = outputRow(plan, output, tuple, writer);
      budget.returnBytes(row.length);
      return rows.push(row) < limit;
    }, budget);
  }
  return rows;
}

function outputRow(
  plan: QueryPlan,
  output: Exclude<Output, { kind: 'count' }>,
  tuple: readonly Row[],
  writer: BsatnWriter,
): Uint8Array {
  if (output.kind === 'rows') return (tuple[output.relation] as Row).bytes; // A tuple has a row for every relation.
  writer.reset();
  for (const { column } of output.columns) {
    const { bytes } = tuple[column.relation] as Row;
    const layout = plan.relations[column.relation]?.table.layout;
    if (layout) writer.raw(layout.columnBytes(bytes, column.column));
  }
  return writer.finish();
}

function countRow(plans: readonly QueryPlan[], budget: QueryBudget): Uint8Array {
  let count = 0n;
  for (const plan of plans) {
    const [only, ...others] = plan.relations;
    if (only && others.length === 0 && plan.conditions.length === 0) count += BigInt(only.table.count);
    else plan.each(() => ++count > 0n, budget);
  }
  return new BsatnWriter(8).u64(count).finish();
}

function unauthorized(caller: bigint): QueryError {
  const identity = caller.toString(16).padStart(64, '0');
  return new QueryError('query/refused', `Caller ${identity} is not authorized to run SQL DML statements`);
}
