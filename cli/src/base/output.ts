// What is printed, and where: data on standard output, as lines for people or one JSON object a line for programs; all
// else (notes, progress, errors) on standard error.

import { styleText } from 'node:util';
import { describeError, type ExitCode } from './cli-error.ts';

/** The two streams of a process, and whether each is a terminal. */
export interface Streams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export type Style = Parameters<typeof styleText>[0];

/** Prints what a command has to say. */
export class Output {
  readonly isJson: boolean;
  readonly #streams: Streams;
  readonly #hasColour: boolean;

  constructor(streams: Streams, options: { readonly json: boolean; readonly colour: boolean }) {
    this.#streams = streams;
    this.isJson = options.json;
    this.#hasColour = options.colour;
  }

  /** Whether a person watches: live views are drawn only then. */
  get isTerminal(): boolean {
    return this.#streams.stdout.isTTY === true && !this.isJson;
  }

  get columns(): number {
    return this.#streams.stdout.columns ?? 100;
  }

  /** One piece of data: as JSON, or as the text that `show` makes of it. Settles once the stream takes more. */
  data(value: object, show: () => string): Promise<void> {
    return this.#write(this.isJson ? toJson(value) : show());
  }

  /** A list: each as a line of JSON, or a table of the columns. */
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

  /** Something for the person who waits; programs that read data do not see it. */
  note(text: string): void {
    if (!this.isJson) this.#streams.stderr.write(`${text}\n`);
  }

  /** Why a command fails. Returns the exit code. */
  error(thrown: unknown): ExitCode {
    const { code, message, exit } = describeError(thrown);
    const text = this.isJson
      ? toJson({ error: { code, message } })
      : `${this.paint('red', 'error')} ${message}${code.startsWith('cli/') ? '' : ` (${code})`}`;
    this.#streams.stderr.write(`${text}\n`);
    return exit;
  }

  /** Colours a text where colours are wanted. */
  paint(style: Style, text: string): string {
    return this.#hasColour ? styleText(style, text, { validateStream: false }) : text;
  }

  async #write(text: string): Promise<void> {
    const { stdout } = this.#streams;
    if (stdout.write(`${text}\n`)) return;
    await new Promise<void>(resolve => stdout.once('drain', resolve));
  }
}

/** One line of JSON; numbers too long for JSON are written as text. */
export function toJson(value: object): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));
}
