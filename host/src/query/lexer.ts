// Lexer: splits SQL text into tokens by the rules of PostgreSQL.

import { QueryError } from './query-error.ts';

/** The kind of a token; `end` follows the last one. */
export type TokenKind = 'word' | 'quoted' | 'number' | 'string' | 'hex' | 'placeholder' | 'symbol' | 'end';

/** One token and its position in the text. */
export interface Token {
  readonly kind: TokenKind;
  /** The name, digits or characters without quotes and escapes; the text itself otherwise. */
  readonly text: string;
  /** Upper case of an unquoted word, to compare with keywords; empty for every other kind. */
  readonly keyword: string;
  readonly start: number;
  readonly end: number;
}

const SPACE = /\s+|--[^\n]*/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const HEX = /0x([0-9a-fA-F]*)/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const PLACEHOLDER = /[:$][\p{L}\p{N}_]+/uy;
const SYMBOL = /<=|>=|<>|!=|==|\|\||::|->>|->|!~|<<|>>|[-+*/%=<>(),.;^&|~#!@?[\]{}:$\\]/y;

/** Prefixes of a quote that start other kinds of strings. */
const STRING_PREFIXES = new Set(['E', 'B', 'N', 'R', 'U']);

/** All tokens of a text and an `end`. Throws `QueryError` at an invalid or unterminated token. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(sql);
  };
  const push = (kind: TokenKind, text: string, end: number): void => {
    tokens.push({ kind, text, keyword: kind === 'word' ? text.toUpperCase() : '', start: at, end });
    at = end;
  };
  while (at < sql.length) {
    const space = match(SPACE);
    if (space) {
      at += space[0].length;
      continue;
    }
    if (sql.startsWith('/*', at)) {
      at = endOfComment(sql, at);
      continue;
    }
    const quote = sql[at];
    if (quote === "'" || quote === '"') {
      const { text, end } = readQuoted(sql, at, quote);
      push(quote === '"' ? 'quoted' : 'string', text, end);
      continue;
    }
    const word = match(WORD);
    if (word) {
      const end = at + word[0].length;
      if (sql[end] === "'" && word[0].length === 1) {
        const prefix = word[0].toUpperCase();
        if (prefix === 'X') {
          const { text, end: endOfHex } = readQuoted(sql, end, "'");
          push('hex', text, endOfHex);
          continue;
        }
        if (STRING_PREFIXES.has(prefix)) {
          const { end: endOfString } = readQuoted(sql, end, "'");
          throw new QueryError('query/unsupported', `Unsupported literal expression: ${sql.slice(at, endOfString)}`);
        }
      }
      push('word', word[0], end);
      continue;
    }
    const hex = match(HEX);
    if (hex) {
      push('hex', hex[1] ?? '', at + hex[0].length);
      continue;
    }
    const number = match(NUMBER);
    if (number) {
      push('number', number[0], at + number[0].length);
      continue;
    }
    const placeholder = match(PLACEHOLDER);
    if (placeholder) {
      push('placeholder', placeholder[0], at + placeholder[0].length);
      continue;
    }
    const symbol = match(SYMBOL);
    if (!symbol) throw syntaxError(`Unexpected character ${JSON.stringify(sql[at])}`, sql, at);
    push('symbol', symbol[0], at + symbol[0].length);
  }
  push('end', 'EOF', at);
  return tokens;
}

/** A refusal of text that is not SQL, with the position. */
export function syntaxError(sentence: string, sql: string, at: number): QueryError {
  const before = sql.slice(0, at);
  const line = before.split('\n').length;
  const column = at - (before.lastIndexOf('\n') + 1) + 1;
  return new QueryError('query/syntax', `sql parser error: ${sentence} at Line: ${line}, Column: ${column}`);
}

/** Text in quotes; a doubled quote means one. */
function readQuoted(sql: string, start: number, quote: string): { text: string; end: number } {
  let text = '';
  let from = start + 1;
  for (;;) {
    const to = sql.indexOf(quote, from);
    if (to < 0) throw syntaxError(`Unterminated ${quote === '"' ? 'quoted identifier' : 'string literal'}`, sql, start);
    text += sql.slice(from, to);
    if (sql[to + 1] !== quote) return { text, end: to + 1 };
    text += quote;
    from = to + 2;
  }
}

/** Comments nest. */
function endOfComment(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length;) {
    if (sql.startsWith('/*', at)) {
      depth++;
      at += 2;
    } else if (sql.startsWith('*/', at)) {
      depth--;
      at += 2;
      if (depth === 0) return at;
    } else at++;
  }
  throw syntaxError('Unexpected EOF while in a multi-line comment', sql, start);
}
