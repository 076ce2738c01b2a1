// Printing. Data goes to standard output, as lines for people or as one JSON object a line for programs. Notes, progress
// and errors go to standard error.

import { styleText } from 'node:util';
import { describeError, type ExitCode } from './cli-error.ts';

/** The output streams of a process. */
export interface Streams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** A colour or weight of text. */
export type Style = Parameters<typeof styleText>[0];

/** Prints the results, notes and errors of a command. */
export class Output {
  readonly isJson: boolean;
  readonly #streams: Streams;
  readonly #hasColour: boolean;

  constructor(streams: Streams, options: { readonly json: boolean; readonly colour: boolean }) {
    this.#streams = streams;
    this.isJson = options.json;
    this.#hasColour = options.colour;
  }

  /** Returns true if a person watches. Live views are drawn only then. */
  get isTerminal(): boolean {
    return this.#streams.stdout.isTTY === true && !this.isJson;
  }

  /** The width of the terminal; elsewhere no line is cut. */
  get columns(): number {
    return this.isTerminal ? (this.#streams.stdout.columns ?? 100) : Infinity;
  }

  /** A date: in the way of the reader's country on a terminal, else in ISO 8601. */
  date(at: Date): string {
    return this.isTerminal ? at.toLocaleString() : at.toISOString();
  }

  /** A time of day on a terminal, with its date unless it is today; else in ISO 8601. */
  time(at: Date): string {
    const isToday = at.toDateString() === new Date().toDateString();
    return this.isTerminal && isToday ? at.toLocaleTimeString() : this.date(at);
  }

  /** Prints one result: as JSON, or as the text that `show` returns. Settles when the stream accepts more (backpressure). */
  data(value: object, show: () => string): Promise<void> {
    return this.#write(this.isJson ? toJson(value) : show());
  }

  /** Prints a list: one line of JSON per row, or a table of these columns. */
  async table<Row extends object>(
    rows: readonly Row[],
    columns: Readonly<Record<string, (row: Row) => string>>,
  ): Promise<void> {
    if (this.isJson) {
      for (const row of rows) await this.#write(toJson(row));
      return;
    }
    if (rows.length === 0) return;
    const { renderTable } = await import('./render-table.ts');
    await this.#write(renderTable(rows, columns, text => this.paint('bold', text)));
  }

  /** Prints a line on standard error for a person. Prints nothing with `--json`. */
  note(text: string): void {
    if (!this.isJson) this.#streams.stderr.write(`${text}\n`);
  }

  /** Prints the error of a command that failed. Returns the exit code. */
  error(thrown: unknown): ExitCode {
    const { code, message, exit } = describeError(thrown);
    const text = this.isJson
      ? toJson({ error: { code, message } })
      : `${this.paint('red', 'error')} ${message}${code.startsWith('cli/') ? '' : ` (${code})`}`;
    this.#streams.stderr.write(`${text}\n`);
    return exit;
  }

  /** Adds colour if the output has colours. */
  paint(style: Style, text: string): string {
    return this.#hasColour ? styleText(style, text, { validateStream: false }) : text;
  }

  async #write(text: string): Promise<void> {
    const { stdout } = this.#streams;
    if (stdout.write(`${text}\n`)) return;
    await new Promise<void>(resolve => stdout.once('drain', resolve));
  }
}

/** The value as one line of JSON; a `bigint` becomes a string. */
export function toJson(value: object): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));
}
