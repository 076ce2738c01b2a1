// INSERT, UPDATE and DELETE: checked first, then run inside the caller's transaction.

import type { Row } from '../datastore/row.ts';
import type { Table } from '../datastore/table.ts';
import type { Transaction } from '../datastore/transaction.ts';
import { HostError } from '../errors.ts';
import { BsatnWriter } from '../sats/writer.ts';
import { checkPredicate, type Names, valueBytes } from './check-expression.ts';
import { conjuncts } from './condition.ts';
import { literalValue } from './literal.ts';
import { QueryPlan } from './query-plan.ts';
import { QueryError } from './query-error.ts';
import { columnNamed, columnType, type Relation, relationNamed, type Scope } from './scope.ts';
import type { Delete, Expression, Insert, Literal, Update } from './syntax.ts';
import { uniqueViolation } from './unique-violation.ts';

/** The numbers of rows that a statement inserted, deleted and updated. */
export interface WriteStats {
  readonly rowsInserted: number;
  readonly rowsDeleted: number;
  readonly rowsUpdated: number;
}

type Write = (tx: Transaction) => WriteStats;

/** Checks a write and returns a function that runs it. Both throw `QueryError`. */
export function compileWrite(statement: Insert | Update | Delete, scope: Scope): Write {
  const relation = relationNamed(scope, statement.table);
  if (relation.isView) {
    throw new QueryError('query/refused', `\`${statement.table}\` is a view; DML on views is not supported`);
  }
  switch (statement.kind) {
    case 'insert':
      return compileInsert(statement, relation, scope);
    case 'update':
      return compileUpdate(statement, relation, scope);
    case 'delete': {
      const matching = compileMatching(statement.table, statement.where, relation, scope);
      return tx => {
        const { table, rows } = matching();
        for (const row of rows) tx.deleteRow(table, row);
        return { rowsInserted: 0, rowsDeleted: rows.length, rowsUpdated: 0 };
      };
    }
  }
}

function compileInsert({ table: name, columns: given, rows }: Insert, relation: Relation, scope: Scope): Write {
  const { columns } = relation;
  if (given.length !== columns.length) {
    throw new QueryError(
      'query/type',
      `The number of fields (${given.length}) in the INSERT does not match the number of columns ` +
        `(${columns.length}) of the table \`${name}\``,
    );
  }
  const positions = given.map(column => fieldNamed(relation, name, column));
  if (new Set(positions).size !== positions.length) {
    throw new QueryError('query/name', `Duplicate name \`${given.find((column, at) => given.indexOf(column) < at)}\``);
  }
  const encoded = rows.map(values => {
    if (values.length !== columns.length) {
      throw new QueryError(
        'query/type',
        `Inserting a row with ${values.length} values into \`${name}\` which has ${columns.length} fields`,
      );
    }
    const writer = new BsatnWriter();
    for (const at of columns.keys()) {
      const value = values[positions.indexOf(at)];
      if (value) writer.raw(fieldBytes(relation, at, value, scope));
    }
    return writer.finish();
  });
  return tx => {
    const table = relation.open();
    for (const bytes of encoded) insert(tx, table, bytes);
    return { rowsInserted: encoded.length, rowsDeleted: 0, rowsUpdated: 0 };
  };
}

function compileUpdate({ table: name, assignments, where }: Update, relation: Relation, scope: Scope): Write {
  const assigned = new Map(
    assignments.map(({ column, value }) => {
      const at = fieldNamed(relation, name, column);
      return [at, fieldBytes(relation, at, value, scope)] as const;
    }),
  );
  const matching = compileMatching(name, where, relation, scope);
  return tx => {
    const { table, rows } = matching();
    const writer = new BsatnWriter();
    const updated = rows.map(({ bytes }) => {
      writer.reset();
      for (const at of relation.columns.keys()) writer.raw(assigned.get(at) ?? table.layout.columnBytes(bytes, at));
      return writer.finish();
    });
    // All old rows are deleted before the first insert, so that rows can exchange unique values.
    for (const row of rows) tx.deleteRow(table, row);
    for (const bytes of updated) insert(tx, table, bytes);
    return { rowsInserted: 0, rowsDeleted: 0, rowsUpdated: rows.length };
  };
}

/** Finds all rows that match a WHERE, before any is changed. */
function compileMatching(
  alias: string,
  where: Expression | undefined,
  relation: Relation,
  { typespace, caller }: Scope,
): () => { table: Table; rows: Row[] } {
  const names: Names = { relations: [{ alias, relation }], typespace, caller };
  const conditions = where ? conjuncts(checkPredicate(where, names)) : [];
  return () => {
    const plan = new QueryPlan({
      relations: [relation],
      joins: [undefined],
      conditions,
      output: { kind: 'rows', relation: 0 },
      limit: undefined,
    });
    return { table: relation.open(), rows: plan.rowsOf(0) };
  };
}

function insert(tx: Transaction, table: Table, bytes: Uint8Array): void {
  try {
    tx.insert(table, bytes);
  } catch (thrown) {
    if (!(thrown instanceof HostError)) throw thrown;
    const message = thrown.code === 'row/not-unique' ? uniqueViolation(table, bytes) : undefined;
    throw new QueryError('query/conflict', message ?? thrown.message, { cause: thrown });
  }
}

function fieldNamed({ columns }: Relation, table: string, name: string): number {
  const at = columnNamed(columns, name);
  if (at === undefined) throw new QueryError('query/name', `\`${table}\` does not have a field \`${name}\``);
  return at;
}

function fieldBytes({ columns }: Relation, at: number, literal: Literal, { typespace }: Scope): Uint8Array {
  const type = columnType(columns, at);
  return valueBytes(type, typespace, literalValue(literal, type, typespace));
}
