// The grammar of SELECT.

import { columnOf, parseExpression } from './expression-parser.ts';
import { QueryError } from './query-error.ts';
import type { ColumnName, Expression, FromItem, Projection, Select } from './syntax.ts';
import type { TokenStream } from './token-stream.ts';

/** `subscription`: whole rows of one relation, no LIMIT. `sql`: also columns, counts and LIMIT, over HTTP. */
export type Grammar = 'subscription' | 'sql';

const OTHER_JOINS = ['LEFT', 'RIGHT', 'FULL', 'OUTER', 'NATURAL'];
const OTHER_CLAUSES = ['GROUP', 'ORDER', 'HAVING', 'OFFSET', 'FETCH', 'FOR', 'WINDOW', 'QUALIFY', 'INTO'];
const SET_OPERATIONS = ['UNION', 'EXCEPT', 'INTERSECT'];

/** Parses a SELECT whose first word is the current token. */
export function parseSelect(tokens: TokenStream, grammar: Grammar): Select {
  const { start } = tokens.current;
  tokens.expectKeyword('SELECT');
  if (tokens.isKeyword('DISTINCT', 'ALL', 'TOP')) throw tokens.unsupported('Unsupported SELECT', start);
  const projection = parseProjection(tokens);
  if (!tokens.takeKeyword('FROM')) {
    if (tokens.isAtEnd) throw new QueryError('query/unsupported', 'A FROM clause is required');
    throw tokens.expected('FROM');
  }
  const from = parseFrom(tokens);
  const where = tokens.takeKeyword('WHERE') ? parseExpression(tokens) : undefined;
  const limit = parseEnd(tokens, grammar, start);
  const select: Select = { kind: 'select', projection, from, where, limit };
  if (from.length > 1) refuseUnqualified(select);
  return select;
}

function parseProjection(tokens: TokenStream): Projection {
  if (tokens.takeSymbol('*')) {
    if (tokens.isSymbol(',')) throw mixedWildcard();
    return { kind: 'star', relation: undefined };
  }
  const columns: { column: ColumnName; alias: string }[] = [];
  do {
    const { start } = tokens.current;
    if (tokens.isSymbol('*')) throw mixedWildcard();
    if (tokens.isKeyword('FROM') || tokens.isAtEnd) throw tokens.expected('an expression');
    if (!tokens.isName()) {
      throw tokens.unsupported('Unsupported projection expression', start);
    }
    const { parts, star } = tokens.path();
    if (star) {
      if (columns.length > 0 || tokens.isSymbol(',')) throw mixedWildcard();
      return { kind: 'star', relation: parts.join('.') };
    }
    if (tokens.isSymbol('(')) {
      if (columns.length > 0) throw tokens.unsupported('Unsupported projection expression', start);
      return parseAggregate(tokens, parts, start);
    }
    const column = columnOf(parts);
    columns.push({ column, alias: tokens.alias() ?? column.name });
    if (!tokens.isSymbol(',') && !tokens.isKeyword('FROM') && !tokens.isAtEnd) {
      throw tokens.unsupported('Unsupported projection expression', start);
    }
  } while (tokens.takeSymbol(','));
  return { kind: 'columns', columns };
}

function parseAggregate(tokens: TokenStream, name: readonly string[], start: number): Projection {
  const isStar = tokens.isSymbolNext('*');
  tokens.skipParentheses();
  const text = tokens.textFrom(start);
  const isCount = isStar && name.length === 1 && /^count\s*\(\s*\*\s*\)$/i.test(text);
  const alias = tokens.alias();
  if (alias === undefined) throw new QueryError('query/unsupported', 'Aggregate expressions must have column aliases');
  if (tokens.isSymbol(',')) throw tokens.unsupported('Unsupported projection expression', start);
  if (!isCount) throw new QueryError('query/unsupported', `Unsupported aggregate function: ${text}`);
  return { kind: 'count', alias };
}

function parseFrom(tokens: TokenStream): FromItem[] {
  const items = [parseRelation(tokens)];
  for (;;) {
    if (tokens.isSymbol(',')) throw new QueryError('query/unsupported', 'Implicit joins are not supported');
    if (tokens.isKeyword(...OTHER_JOINS)) {
      throw new QueryError('query/unsupported', 'Non-inner joins are not supported');
    }
    const isCross = tokens.takeKeyword('CROSS');
    if (!isCross) tokens.takeKeyword('INNER');
    if (!tokens.takeKeyword('JOIN')) {
      if (isCross) throw tokens.expected('JOIN');
      return items;
    }
    items.push(parseRelation(tokens, !isCross));
  }
}

function parseRelation(tokens: TokenStream, mayHaveOn = false): FromItem {
  const { start } = tokens.current;
  if (tokens.isSymbol('(')) throw tokens.unsupported('Unsupported FROM expression');
  const { parts, star } = tokens.path();
  if (star || tokens.isSymbol('(')) throw tokens.unsupported('Unsupported FROM expression', start);
  const name = parts.join('.');
  const alias = tokens.alias() ?? name;
  if (mayHaveOn && tokens.isKeyword('USING')) throw columnJoinsOnly();
  const on = mayHaveOn && tokens.takeKeyword('ON') ? parseOn(tokens) : undefined;
  return { name, alias, on };
}

function parseOn(tokens: TokenStream): { left: ColumnName; right: ColumnName } {
  const condition = parseExpression(tokens);
  if (
    condition.kind !== 'comparison' ||
    condition.operator !== '=' ||
    condition.left.kind !== 'column' ||
    condition.right.kind !== 'column'
  ) {
    throw columnJoinsOnly();
  }
  return { left: condition.left.column, right: condition.right.column };
}

/** Parses the clauses after WHERE; returns the number after LIMIT. */
function parseEnd(tokens: TokenStream, grammar: Grammar, start: number): string | undefined {
  if (tokens.isKeyword(...SET_OPERATIONS)) throw tokens.unsupported('Unsupported set operation', start);
  if (tokens.isKeyword(...OTHER_CLAUSES)) throw tokens.unsupported('Unsupported', start);
  if (!tokens.isKeyword('LIMIT')) return undefined;
  if (grammar === 'subscription') throw tokens.unsupported('Unsupported', start);
  tokens.advance();
  if (tokens.current.kind !== 'number') throw tokens.unsupported('Unsupported LIMIT expression');
  const limit = tokens.advance().text;
  if (tokens.isKeyword(...OTHER_CLAUSES)) throw tokens.unsupported('Unsupported', start);
  return limit;
}

/** Checks that with several relations every column names its relation. */
function refuseUnqualified(select: Select): void {
  const refuse = (column: ColumnName): void => {
    if (column.relation === undefined) {
      throw new QueryError('query/name', 'Names must be qualified when using joins');
    }
  };
  const walk = (expression: Expression): void => {
    switch (expression.kind) {
      case 'column':
        return refuse(expression.column);
      case 'comparison':
        walk(expression.left);
        return walk(expression.right);
      case 'and':
      case 'or':
        return expression.terms.forEach(walk);
      case 'literal':
      case 'sender':
        return;
    }
  };
  for (const { on } of select.from) {
    if (!on) continue;
    refuse(on.left);
    refuse(on.right);
  }
  if (select.where) walk(select.where);
  if (select.projection.kind === 'columns') for (const { column } of select.projection.columns) refuse(column);
}

function mixedWildcard(): QueryError {
  return new QueryError('query/unsupported', 'Mixed wildcard projections are not supported');
}

function columnJoinsOnly(): QueryError {
  return new QueryError('query/unsupported', 'Non-column join constraints are not supported');
}
