// Writer of indented code: each line is indented by the blocks around it.

const INDENT = '  ';

/** Builds the text of a file from lines and nested blocks. */
export class CodeWriter {
  #text = '';
  #depth = 0;

  /** Writes whole lines; an empty one has no indentation. */
  lines(...lines: readonly string[]): this {
    for (const line of lines) this.#text += line === '' ? '\n' : `${INDENT.repeat(this.#depth)}${line}\n`;
    return this;
  }

  /** Writes an opening line, the lines of `body` indented by one more step, and a closing line. */
  block(open: string, body: (to: CodeWriter) => void, close: string): this {
    this.lines(open);
    this.#depth++;
    body(this);
    this.#depth--;
    return this.lines(close);
  }

  get text(): string {
    return this.#text;
  }
}

/** The order of names in the official generator: by their UTF-8 bytes. */
export function byName<T>(nameOf: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => Buffer.compare(Buffer.from(nameOf(a)), Buffer.from(nameOf(b)));
}
