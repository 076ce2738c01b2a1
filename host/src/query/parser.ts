// Parser: from SQL text to one statement.

import { columnOf, parseExpression, parseLiteral } from './expression-parser.ts';
import { QueryError } from './query-error.ts';
import { parseSelect } from './select-parser.ts';
import type { Assignment, Delete, Insert, Literal, Select, SetVariable, Statement, Update } from './syntax.ts';
import { TokenStream } from './token-stream.ts';

/** Length limit of a text in bytes. */
export const MAX_SQL_BYTES = 50_000;

/** Unsupported statements of SQL; a text that begins with any other word is not SQL. */
const OTHER_STATEMENTS = new Set(
  (
    'EXPLAIN DESCRIBE ANALYZE CREATE DROP ALTER TRUNCATE WITH VALUES TABLE COPY GRANT REVOKE BEGIN START COMMIT ROLLBACK ' +
    'SAVEPOINT RELEASE MERGE USE CALL EXECUTE PREPARE DEALLOCATE DECLARE FETCH CLOSE ASSERT COMMENT CACHE UNCACHE KILL ' +
    'DISCARD MSCK REPLACE PRAGMA'
  ).split(' '),
);

/** Parses a statement of HTTP SQL. Throws `QueryError`. */
export function parseSql(sql: string): Statement {
  return parseOne(sql, tokens => {
    switch (tokens.current.keyword) {
      case 'SELECT':
        return parseSelect(tokens, 'sql');
      case 'INSERT':
        return parseInsert(tokens);
      case 'UPDATE':
        return parseUpdate(tokens);
      case 'DELETE':
        return parseDelete(tokens);
      case 'SET':
        return parseSet(tokens);
      case 'SHOW':
        tokens.advance();
        return { kind: 'show', name: tokens.path().parts.join('.') };
      default:
        throw otherStatement(tokens);
    }
  });
}

/** Parses a query of the subscription grammar. Throws `QueryError`. */
export function parseSubscription(sql: string): Select {
  return parseOne(sql, tokens => {
    if (tokens.isKeyword('SELECT')) return parseSelect(tokens, 'subscription');
    if (tokens.isKeyword('INSERT', 'UPDATE', 'DELETE', 'SET', 'SHOW')) {
      throw new QueryError('query/unsupported', 'Unsupported: Non-SELECT queries');
    }
    throw otherStatement(tokens);
  });
}

/** Returns true if a subscription requests every table. The text is not SQL; it means one query a table. */
export function isEveryTable(sql: string): boolean {
  return /^\s*select\s+\*\s+from\s+\*\s*;?\s*$/i.test(sql);
}

function parseOne<S>(sql: string, parse: (tokens: TokenStream) => S): S {
  if (Buffer.byteLength(sql) > MAX_SQL_BYTES) {
    throw new QueryError('query/limit', `SQL query exceeds maximum allowed length: "${sql.slice(0, 120)}..."`);
  }
  const tokens = new TokenStream(sql);
  while (tokens.takeSymbol(';'));
  if (tokens.isAtEnd) throw new QueryError('query/syntax', 'Empty SQL query');
  const statement = parse(tokens);
  const isEnded = tokens.isSymbol(';');
  while (tokens.takeSymbol(';'));
  if (tokens.isAtEnd) return statement;
  if (isEnded) throw new QueryError('query/unsupported', 'Multiple SQL statements are not supported');
  throw tokens.expected('end of statement');
}

function otherStatement(tokens: TokenStream): QueryError {
  const isKnown = OTHER_STATEMENTS.has(tokens.current.keyword) || tokens.isSymbol('(');
  return isKnown ? tokens.unsupported('Unsupported') : tokens.expected('an SQL statement');
}

function parseInsert(tokens: TokenStream): Insert {
  const { start } = tokens.current;
  tokens.expectKeyword('INSERT');
  tokens.expectKeyword('INTO');
  const table = parseTableName(tokens);
  const columns: string[] = [];
  if (tokens.takeSymbol('(')) {
    do columns.push(tokens.name());
    while (tokens.takeSymbol(','));
    tokens.expectSymbol(')');
  }
  if (!tokens.takeKeyword('VALUES')) throw tokens.unsupported('Unsupported INSERT expression');
  const rows: Literal[][] = [];
  do {
    tokens.expectSymbol('(');
    const row: Literal[] = [];
    do row.push(literalOr(tokens, 'Unsupported INSERT value'));
    while (tokens.takeSymbol(','));
    tokens.expectSymbol(')');
    rows.push(row);
  } while (tokens.takeSymbol(','));
  if (tokens.isKeyword('ON', 'RETURNING')) throw tokens.unsupported('Unsupported', start);
  return { kind: 'insert', table, columns, rows };
}

function parseUpdate(tokens: TokenStream): Update {
  const { start } = tokens.current;
  tokens.expectKeyword('UPDATE');
  const table = parseTableName(tokens);
  if (!tokens.takeKeyword('SET')) throw tokens.unsupported('Unsupported', start);
  const assignments: Assignment[] = [];
  do {
    const column = columnOf(tokens.path().parts).name;
    tokens.expectSymbol('=');
    assignments.push({ column, value: literalOr(tokens, 'Unsupported column/variable assignment expression') });
  } while (tokens.takeSymbol(','));
  if (tokens.isKeyword('FROM')) throw tokens.unsupported('Unsupported', start);
  return { kind: 'update', table, assignments, where: parseWhere(tokens, start) };
}

function parseDelete(tokens: TokenStream): Delete {
  const { start } = tokens.current;
  tokens.expectKeyword('DELETE');
  tokens.expectKeyword('FROM');
  const table = parseTableName(tokens);
  if (tokens.isSymbol(',')) throw new QueryError('query/unsupported', 'Multi-table DELETE is not supported');
  return { kind: 'delete', table, where: parseWhere(tokens, start) };
}

function parseWhere(tokens: TokenStream, start: number) {
  const where = tokens.takeKeyword('WHERE') ? parseExpression(tokens) : undefined;
  if (tokens.isKeyword('RETURNING', 'LIMIT', 'ORDER', 'USING')) throw tokens.unsupported('Unsupported', start);
  return where;
}

function parseSet(tokens: TokenStream): SetVariable {
  tokens.expectKeyword('SET');
  const name = tokens.path().parts.join('.');
  if (!tokens.takeKeyword('TO')) tokens.expectSymbol('=');
  return { kind: 'set', name, value: literalOr(tokens, 'Unsupported column/variable assignment expression') };
}

function parseTableName(tokens: TokenStream): string {
  const { parts, star } = tokens.path();
  if (star) throw tokens.expected('identifier');
  return parts.join('.');
}

function literalOr(tokens: TokenStream, refusal: string): Literal {
  const literal = parseLiteral(tokens);
  if (!literal) throw tokens.unsupported(refusal);
  return literal;
}
