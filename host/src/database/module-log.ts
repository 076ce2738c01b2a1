// The log of a module, with lines of the host about it: the newest lines, one JSON object each.

import type { LogLine } from '../guest/activation.ts';
import { MODULE_FILE } from '../guest/bundle.ts';
import { writeJson } from '../sats/json-text.ts';
import { LogLimiter } from './log-limiter.ts';

/** Maximum number of lines kept. */
export const KEPT_LINES = 10_000;
const KEPT_CHARS = 8 * 1024 * 1024;

/** Longer messages are truncated. */
const MAX_MESSAGE_CHARS = 64 * 1024;
const MAX_NAME_CHARS = 200;

/** Lines of one kind that callers can cause in one go: panics and reports of the host, and refused calls. */
const MAX_REPORTS = 100;
const MAX_REFUSALS = 30;
const PANIC = 101;
const MAX_MICROS = 2n ** 63n;

const LEVELS: Readonly<Record<number, string>> = {
  0: 'Error',
  1: 'Warn',
  2: 'Info',
  3: 'Debug',
  4: 'Trace',
  101: 'Panic',
};

/** File and function name of lines of the host. */
const SYSTEM = '__spacetimedb__';

/** A second destination of lines besides memory. */
export interface LogSink {
  append(line: string): void;
  close(): void;
}

/** The log of one database: the newest lines in memory, and all lines in a sink, if there is one. */
export class ModuleLog {
  readonly #now: () => bigint;
  readonly #capacity: number;
  // The oldest kept line is at `#first`; the lines before it are cut off occasionally.
  #lines: string[] = [];
  #first = 0;
  #chars = 0;
  readonly #reports = new LogLimiter(MAX_REPORTS);
  readonly #refusals = new LogLimiter(MAX_REFUSALS);
  readonly #followers = new Set<(line: string | undefined) => void>();

  readonly #sink: LogSink | undefined;

  /** `previous` are the lines of an earlier process, oldest first; `sink` receives each further line. */
  constructor(now: () => bigint, capacity = KEPT_LINES, sink?: LogSink, previous: readonly string[] = []) {
    this.#now = now;
    this.#capacity = capacity;
    this.#sink = sink;
    for (const line of previous) this.#keep(line);
  }

  /** Adds a line of the module. Its panics are limited: any caller can cause them. */
  add({ level, message, functionName, line, trace }: LogLine): void {
    if (level === PANIC && !this.#reports.passes(kindOf(`${functionName ?? ''}: ${message}`), this.#now())) return;
    this.#append({
      level: LEVELS[level] ?? 'Debug',
      ts: this.#now(),
      filename: MODULE_FILE,
      ...(line === undefined ? {} : { line_number: line }),
      ...(functionName === undefined ? {} : { function: functionName }),
      message: message.slice(0, MAX_MESSAGE_CHARS),
      ...(trace ? { trace: trace.map(frame => ({ func_name: frame })) } : {}),
    });
  }

  /** Adds a line of the host, unless there are too many like it. */
  addSystem(level: 'Error' | 'Warn' | 'Info', message: string): void {
    if (!this.#reports.passes(kindOf(message), this.#now())) return;
    this.#append(systemRecord(level, this.#now(), message));
  }

  /**
   * Logs a call of an unknown function or with invalid arguments, most likely made with an older schema. Calls beyond a limit
   * are counted: a stranger must not push the other lines out of the log.
   */
  addMismatch(kind: 'reducer' | 'procedure', called: string, what: 'unknown' | 'arguments'): void {
    const refusal = what === 'unknown' ? `calls of a nonexistent ${kind}` : `calls of a ${kind} with invalid arguments`;
    if (!this.#refusals.passes(refusal, this.#now())) return;
    const name = called.slice(0, MAX_NAME_CHARS);
    const message =
      what === 'unknown'
        ? `External attempt to call nonexistent ${kind} "${name}" failed. Have you run \`spacetime generate\` recently?`
        : `External attempt to call ${kind} "${name}" failed, invalid arguments.\n` +
          'This is likely due to a mismatched client schema, have you run `spacetime generate` recently?';
    this.#append({ level: 'Error', ts: this.#now(), target: SYSTEM, filename: SYSTEM, function: name, message });
  }

  /** The newest lines, oldest first, without line ends. */
  lines(count = this.#capacity): string[] {
    return count <= 0 ? [] : this.#lines.slice(Math.max(this.#first, this.#lines.length - count));
  }

  /** Calls `listener` with each further line, and with `undefined` at the end; returns how to stop. */
  follow(listener: (line: string | undefined) => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  /** Writes pending lines and ends followers; may be called twice. */
  close(): void {
    this.#reportOmitted(MAX_MICROS);
    for (const listener of this.#followers) listener(undefined);
    this.#followers.clear();
    this.#sink?.close();
  }

  #append(record: Parameters<typeof writeJson>[0]): void {
    this.#write(record);
    this.#reportOmitted(this.#now());
  }

  #reportOmitted(now: bigint): void {
    for (const limiter of [this.#refusals, this.#reports]) {
      for (const text of limiter.report(now)) this.#write(systemRecord('Warn', this.#now(), `not logged: ${text}`));
    }
  }

  #write(record: Parameters<typeof writeJson>[0]): void {
    const line = writeJson(record);
    this.#keep(line);
    this.#sink?.append(line);
    for (const listener of this.#followers) listener(line);
  }

  #keep(line: string): void {
    this.#lines.push(line);
    this.#chars += line.length;
    while (this.#lines.length - this.#first > this.#capacity || this.#chars > KEPT_CHARS) {
      this.#chars -= this.#lines[this.#first]?.length ?? 0;
      this.#first++;
    }
    if (this.#first > this.#capacity) {
      this.#lines = this.#lines.slice(this.#first);
      this.#first = 0;
    }
  }
}

function systemRecord(level: 'Error' | 'Warn' | 'Info', ts: bigint, message: string) {
  return { level, ts, target: SYSTEM, filename: SYSTEM, function: SYSTEM, message };
}

/** Messages that differ in numbers only are of one kind. */
function kindOf(message: string): string {
  return message.slice(0, MAX_NAME_CHARS).replaceAll(/[0-9]+/g, '#');
}
