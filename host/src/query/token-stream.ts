// Token stream: a cursor over tokens with the tests that the grammar needs.

import { syntaxError, tokenize, type Token } from './lexer.ts';
import { QueryError } from './query-error.ts';

/** Keywords that may follow a relation or a column: an alias only if quoted or after AS. */
const RESERVED = new Set(
  (
    'SELECT FROM WHERE ON USING JOIN INNER LEFT RIGHT FULL OUTER CROSS NATURAL GROUP ORDER HAVING LIMIT OFFSET FETCH ' +
    'UNION EXCEPT INTERSECT WITH WINDOW QUALIFY FOR SET VALUES AND OR NOT AS INTO RETURNING'
  ).split(' '),
);

/** A cursor over the tokens of one text. */
export class TokenStream {
  readonly sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(sql: string) {
    this.sql = sql;
    this.#tokens = tokenize(sql);
  }

  get current(): Token {
    return this.#tokens[this.#at] as Token; // The last token is `end`, and nothing advances beyond it.
  }

  advance(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  get isAtEnd(): boolean {
    return this.current.kind === 'end';
  }

  isKeyword(...keywords: readonly string[]): boolean {
    const { keyword } = this.current;
    return keyword !== '' && keywords.includes(keyword);
  }
  isSymbol(symbol: string): boolean {
    return this.current.kind === 'symbol' && this.current.text === symbol;
  }
  /** Returns true if the next token is this symbol. */
  isSymbolNext(symbol: string): boolean {
    const next = this.#tokens[this.#at + 1];
    return next?.kind === 'symbol' && next.text === symbol;
  }

  takeKeyword(keyword: string): boolean {
    if (!this.isKeyword(keyword)) return false;
    this.#at++;
    return true;
  }
  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#at++;
    return true;
  }
  expectKeyword(keyword: string): void {
    if (!this.takeKeyword(keyword)) throw this.expected(keyword);
  }
  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.expected(symbol);
  }

  /** Returns true if the current token may be a name; where a name is required, any word is one. */
  isName(): boolean {
    const { kind } = this.current;
    return kind === 'quoted' || kind === 'word';
  }
  name(): string {
    if (!this.isName()) throw this.expected('identifier');
    return this.advance().text;
  }
  /** The parts of a dotted name; `star` if the last one is `*`. */
  path(): { readonly parts: readonly string[]; readonly star: boolean } {
    const parts = [this.name()];
    while (this.takeSymbol('.')) {
      if (this.takeSymbol('*')) return { parts, star: true };
      parts.push(this.name());
    }
    return { parts, star: false };
  }
  /** `AS name`, or a name that follows directly. */
  alias(): string | undefined {
    if (this.takeKeyword('AS')) return this.name();
    const isAlias = this.isName() && !RESERVED.has(this.current.keyword);
    return isAlias ? this.advance().text : undefined;
  }

  /** Skips a group in parentheses, including the closing one. */
  skipParentheses(): void {
    let depth = 0;
    do {
      if (this.isAtEnd) throw this.expected(')');
      if (this.isSymbol('(')) depth++;
      else if (this.isSymbol(')')) depth--;
      this.advance();
    } while (depth > 0);
  }

  /** The text from `start` to the current token, for error messages. */
  textFrom(start: number): string {
    const end = this.#tokens[this.#at - 1]?.end ?? start;
    return this.sql.slice(start, Math.max(start, end));
  }

  expected(what: string): QueryError {
    return syntaxError(`Expected: ${what}, found: ${this.current.text}`, this.sql, this.current.start);
  }
  /** The refusal of unsupported SQL, quoting it from `start` on. */
  unsupported(what: string, start = this.current.start): QueryError {
    const rest = this.sql.slice(start, start + 120).trim();
    return new QueryError('query/unsupported', `${what}: ${rest}`);
  }
}
