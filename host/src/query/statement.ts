// One statement of HTTP SQL: a select with columns, counts and limits, or a write by the owner.

import type { Commit } from '../datastore/commit.ts';
import type { Row } from '../datastore/row.ts';
import type { ProductType } from '../sats/type.ts';
import { BsatnWriter } from '../sats/writer.ts';
import { type CheckedSelect, checkSelect, type Output } from './check-select.ts';
import { parseSql } from './parser.ts';
import { Plan } from './plan.ts';
import { refuseManyRows } from './query.ts';
import { QueryError } from './query-error.ts';
import { callerScope, type Scope } from './scope.ts';
import type { SystemVariables, WritableSource } from './source.ts';
import { setVariable, showVariable } from './system-variables.ts';
import { type StatementResult } from './statement-result.ts';
import { compileWrite, type WriteStats } from './write-statement.ts';

export { type StatementResult, statementJson } from './statement-result.ts';

/** The counts of a statement that changed no row. */
export const NOTHING_WRITTEN: WriteStats = { rowsInserted: 0, rowsDeleted: 0, rowsUpdated: 0 };
const NO_COLUMNS: ProductType = { kind: 'product', elements: [] };

/** Runs one statement. Throws `QueryError` with the text of the answer. */
export function runStatement<C extends { readonly identity: bigint }>(
  source: WritableSource<C>,
  sql: string,
  caller: C,
  variables: SystemVariables,
): StatementResult {
  const statement = parseSql(sql);
  const scope = callerScope(source, caller.identity);
  const isOwner = caller.identity === source.owner;
  const { typespace } = scope;
  switch (statement.kind) {
    case 'select':
      return runSelect(checkSelect(statement, scope), scope, isOwner ? undefined : variables);
    case 'show': {
      const { schema, rows } = showVariable(statement, variables, isOwner);
      return { schema, rows, typespace, stats: NOTHING_WRITTEN, commit: undefined };
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
    return { schema: NO_COLUMNS, typespace, rows: [], stats, commit };
  }
}

function runSelect(
  checked: CheckedSelect,
  { typespace }: Scope,
  variables: SystemVariables | undefined,
): StatementResult {
  const plan = new Plan(checked);
  refuseManyRows(plan, variables);
  const { output, limit = BigInt(Number.MAX_SAFE_INTEGER) } = checked;
  const schema = outputType(checked, output);
  const rows = output.kind === 'count' ? [countRow(plan)] : outputRows(plan, output, Number(limit));
  return {
    schema,
    typespace,
    rows: rows.slice(0, Number(limit)),
    stats: NOTHING_WRITTEN,
    commit: undefined,
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

function outputRows(plan: Plan, output: Exclude<Output, { kind: 'count' }>, limit: number): Uint8Array[] {
  const rows: Uint8Array[] = [];
  if (limit === 0) return rows;
  const writer = new BsatnWriter();
  const rowOf = (tuple: readonly Row[]): Uint8Array => {
    if (output.kind === 'rows') return (tuple[output.relation] as Row).bytes; // A tuple has a row for every relation.
    writer.reset();
    for (const { column } of output.columns) {
      const { bytes } = tuple[column.relation] as Row;
      const layout = plan.relations[column.relation]?.table.layout;
      if (layout) writer.raw(layout.columnBytes(bytes, column.column));
    }
    return writer.finish();
  };
  plan.each(tuple => rows.push(rowOf(tuple)) < limit);
  return rows;
}

function countRow(plan: Plan): Uint8Array {
  let count = 0n;
  const [only, ...others] = plan.relations;
  if (only && others.length === 0 && plan.conditions.length === 0) count = BigInt(only.table.count);
  else plan.each(() => ++count > 0n);
  return new BsatnWriter(8).u64(count).finish();
}

function unauthorized(caller: bigint): QueryError {
  const identity = caller.toString(16).padStart(64, '0');
  return new QueryError('query/refused', `Caller ${identity} is not authorized to run SQL DML statements`);
}
