// A module log on disk: lines are written in batches, into two files of which the older one is overwritten.

import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../storage/make-folder.ts';

/** Maximum size of each of the two files. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** How long a batch collects lines. */
const GATHER_MS = 50;
/** A larger batch is written immediately. */
const MAX_WAITING_CHARS = 256 * 1024;

/** Appends lines to `path`; older lines are in `path.1`. A failing disk only loses lines. */
export class LogFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #file: number | undefined;
  #bytes = 0;
  #waiting: string[] = [];
  #waitingChars = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, maxBytes = MAX_FILE_BYTES) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#open();
  }

  /** Reads the newest lines, oldest first, without lines that a crash cut short. */
  static read(path: string, count: number): string[] {
    const lines = [`${path}.1`, path].flatMap(file => {
      try {
        return readFileSync(file, 'utf8').split('\n').filter(isWhole);
      } catch {
        return [];
      }
    });
    return lines.slice(-count);
  }

  /** Removes both files. */
  static remove(path: string): void {
    for (const file of [path, `${path}.1`]) rmSync(file, { force: true });
  }

  append(line: string): void {
    this.#waiting.push(line);
    this.#waitingChars += line.length;
    if (this.#waitingChars > MAX_WAITING_CHARS) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), GATHER_MS).unref();
  }

  /** Writes pending lines; may be called twice. */
  close(): void {
    this.#write();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): void {
    try {
      makeFolder(dirname(this.#path), 0o700);
      this.#file = openSync(this.#path, 'a', 0o600);
      this.#bytes = statSync(this.#path).size;
      // A crash may have left half a line.
      if (this.#bytes > 0) this.#bytes += writeSync(this.#file, '\n');
    } catch {
      this.#file = undefined;
    }
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const bytes = Buffer.from(this.#waiting.map(line => `${line}\n`).join(''));
    this.#waiting = [];
    this.#waitingChars = 0;
    if (this.#file === undefined || bytes.length === 0) return;
    try {
      if (this.#bytes + bytes.length > this.#maxBytes && this.#bytes > 0) this.#rotate();
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
      this.#bytes += bytes.length;
    } catch {
      // A log failure must not stop the database; the lines are still in memory.
    }
  }

  #rotate(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    renameSync(this.#path, `${this.#path}.1`);
    this.#open();
  }
}

function isWhole(line: string): boolean {
  return line.startsWith('{') && line.endsWith('}');
}
