// JSON parser and writer that keep numbers as text: SATS-JSON carries integers far beyond 2^53.

/** A number as its digits; the type it is read for decides its value. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A JSON object, its keys in the order of the text. */
export type JsonObject = ReadonlyMap<string, Json>;
/** A parsed JSON value, its numbers kept as text. */
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;

/** JSON as text: integers may exceed what a JavaScript number holds. */
export type JsonText = string;

/** The text is not JSON, or not a value of the requested type. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

/** Data that `writeJson` accepts. */
export type JsonData =
  null | boolean | number | bigint | string | readonly JsonData[] | { readonly [key: string]: JsonData };

const MAX_DEPTH = 128;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;

/** Parses one JSON value. Throws `JsonError` with line and column for anything else, also for a duplicate key. */
export function parseJson(text: string): Json {
  const parser = new JsonParser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

/** Writes data as JSON, a `bigint` as its plain digits. */
export function writeJson(data: JsonData): JsonText {
  if (typeof data === 'bigint') return data.toString();
  if (data === null || typeof data !== 'object') return JSON.stringify(data);
  if (isArray(data)) return `[${data.map(writeJson).join(',')}]`;
  return `{${Object.entries(data)
    .map(([key, value]) => `${JSON.stringify(key)}:${writeJson(value)}`)
    .join(',')}}`;
}

/** `Array.isArray` that also narrows lists that are read-only. */
function isArray(data: JsonData): data is readonly JsonData[] {
  return Array.isArray(data);
}

class JsonParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Json {
    if (depth > MAX_DEPTH) throw this.#error('recursion limit exceeded');
    this.#take(SPACE);
    const next = this.#text[this.#at];
    switch (next) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default: {
        const number = this.#take(NUMBER);
        if (!number) throw this.#error(next === undefined ? 'EOF while parsing a value' : 'expected value');
        return new JsonNumber(number);
      }
    }
  }

  end(): void {
    this.#take(SPACE);
    if (this.#at < this.#text.length) throw this.#error('trailing characters');
  }

  #object(depth: number): JsonObject {
    const object = new Map<string, Json>();
    this.#at++;
    if (this.#skip('}')) return object;
    do {
      this.#take(SPACE);
      if (this.#text[this.#at] !== '"') throw this.#error('key must be a string');
      const key = this.#string();
      if (object.has(key)) throw this.#error(`duplicate field \`${key}\``);
      if (!this.#skip(':')) throw this.#error('expected `:`');
      object.set(key, this.value(depth + 1));
    } while (this.#skip(','));
    if (!this.#skip('}')) throw this.#error('expected `,` or `}`');
    return object;
  }

  #array(depth: number): Json[] {
    const array: Json[] = [];
    this.#at++;
    if (this.#skip(']')) return array;
    do array.push(this.value(depth + 1));
    while (this.#skip(','));
    if (!this.#skip(']')) throw this.#error('expected `,` or `]`');
    return array;
  }

  /** Finds the closing quote and leaves the content to JSON.parse. */
  #string(): string {
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1;
    if (end >= this.#text.length) throw this.#error('EOF while parsing a string');
    try {
      const string = JSON.parse(this.#text.slice(this.#at, end + 1)) as string; // text in quotes is a string or an error
      this.#at = end + 1;
      return string;
    } catch {
      throw this.#error('invalid escape or control character in a string');
    }
  }

  #word<T>(word: string, meaning: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error('expected ident');
    this.#at += word.length;
    return meaning;
  }

  /** Skips white space; then consumes `mark` if it comes next. */
  #skip(mark: string): boolean {
    this.#take(SPACE);
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #error(what: string): JsonError {
    const before = this.#text.slice(0, this.#at).split('\n');
    return new JsonError(`${what} at line ${before.length} column ${(before.at(-1) ?? '').length + 1}`);
  }
}
