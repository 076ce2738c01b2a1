// The grammar of WHERE: comparisons of columns and literals, joined by AND and OR.

import { QueryError } from './query-error.ts';
import type { ColumnName, ComparisonOperator, Expression, Literal } from './syntax.ts';
import type { TokenStream } from './token-stream.ts';

/** Nesting limit of parentheses; one level costs a few stack frames. */
const MAX_PARENTHESES = 250;
/** Limit of operands in one text; each costs a step of a walk over the expression. */
const MAX_OPERANDS = 1600;

const COMPARISONS: Partial<Record<string, ComparisonOperator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

/** Unsupported operators of SQL, without `*` and `.`, which have other uses. */
const OTHER_OPERATORS = new Set('+ - * / % || :: -> ->> ^ & | ~ !~ # << >> =='.split(' '));
const OTHER_PREDICATES = ['IS', 'IN', 'LIKE', 'ILIKE', 'SIMILAR', 'BETWEEN', 'NOT', 'COLLATE', 'AT'];
const OTHER_OPERANDS = ['NOT', 'CASE', 'CAST', 'EXISTS', 'INTERVAL', 'ARRAY', 'EXTRACT', 'ROW', 'ANY', 'ALL'];

/** Reads one predicate. */
export function parseExpression(tokens: TokenStream): Expression {
  return new ExpressionParser(tokens).disjunction();
}

/** Reads a literal with an optional sign. */
export function parseLiteral(tokens: TokenStream): Literal | undefined {
  const token = tokens.current;
  switch (token.kind) {
    case 'string':
    case 'number':
    case 'hex':
      tokens.advance();
      return { kind: token.kind, text: token.text };
    case 'word':
      if (!tokens.isKeyword('TRUE', 'FALSE')) return undefined;
      tokens.advance();
      return { kind: 'bool', value: token.keyword === 'TRUE' };
    case 'symbol': {
      if (token.text !== '-' && token.text !== '+') return undefined;
      tokens.advance();
      const digits = tokens.current;
      if (digits.kind !== 'number') throw tokens.unsupported('Unsupported expression', token.start);
      tokens.advance();
      return { kind: 'number', text: token.text + digits.text };
    }
    default:
      return undefined;
  }
}

/** A column with its relation; the name of a submodule's table contains a dot itself. */
export function columnOf(path: readonly string[]): ColumnName {
  const name = path.at(-1) ?? '';
  return { relation: path.length > 1 ? path.slice(0, -1).join('.') : undefined, name };
}

class ExpressionParser {
  readonly #tokens: TokenStream;
  #depth = 0;
  #operands = 0;

  constructor(tokens: TokenStream) {
    this.#tokens = tokens;
  }

  disjunction(): Expression {
    return this.#chain('or', () => this.#chain('and', () => this.#comparison()));
  }

  #chain(kind: 'and' | 'or', term: () => Expression): Expression {
    const first = term();
    const keyword = kind.toUpperCase();
    if (!this.#tokens.isKeyword(keyword)) return first;
    const terms = [first];
    while (this.#tokens.takeKeyword(keyword)) terms.push(term());
    return { kind, terms };
  }

  #comparison(): Expression {
    const tokens = this.#tokens;
    const { start } = tokens.current;
    let left = this.#operand();
    for (;;) {
      if (tokens.isKeyword(...OTHER_PREDICATES)) throw tokens.unsupported('Unsupported expression', start);
      const { kind, text } = tokens.current;
      const operator = kind === 'symbol' ? COMPARISONS[text] : undefined;
      if (operator === undefined) {
        if (kind === 'symbol' && OTHER_OPERATORS.has(text)) {
          throw new QueryError('query/unsupported', `Unsupported binary operator: ${text}`);
        }
        return left;
      }
      tokens.advance();
      left = { kind: 'comparison', operator, left, right: this.#operand() };
    }
  }

  #operand(): Expression {
    const tokens = this.#tokens;
    const token = tokens.current;
    if (++this.#operands > MAX_OPERANDS) {
      throw new QueryError('query/limit', `Recursion limit exceeded: an expression of more than ${MAX_OPERANDS} parts`);
    }
    if (tokens.takeSymbol('(')) return this.#parenthesised(token.start);
    const literal = parseLiteral(tokens);
    if (literal) return { kind: 'literal', literal };
    if (token.kind === 'placeholder') {
      tokens.advance();
      if (token.text === ':sender') return { kind: 'sender' };
      throw new QueryError('query/unsupported', `Unsupported literal expression: ${token.text}`);
    }
    if (tokens.isKeyword('NULL')) throw new QueryError('query/unsupported', 'Unsupported literal expression: NULL');
    if (tokens.isKeyword(...OTHER_OPERANDS)) throw tokens.unsupported('Unsupported expression', token.start);
    if (!tokens.isName()) throw tokens.expected('an expression');
    const { parts, star } = tokens.path();
    if (star) throw tokens.unsupported('Unsupported expression', token.start);
    if (tokens.isSymbol('(')) throw tokens.unsupported('Unsupported expression', token.start);
    return { kind: 'column', column: columnOf(parts) };
  }

  #parenthesised(start: number): Expression {
    const tokens = this.#tokens;
    if (tokens.isKeyword('SELECT', 'WITH')) throw tokens.unsupported('Unsupported expression', start);
    if (++this.#depth > MAX_PARENTHESES) {
      throw new QueryError('query/limit', 'sql parser error: recursion limit exceeded');
    }
    const inner = this.disjunction();
    this.#depth--;
    if (tokens.isSymbol(',')) throw tokens.unsupported('Unsupported expression', start);
    tokens.expectSymbol(')');
    return inner;
  }
}
