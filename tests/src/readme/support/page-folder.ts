// The folder in which the blocks of a page run: files that readers save, `agora` and the project's Node.js on the path, the
// packages of this workspace in place of installed ones.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../../cli/src/main.ts', import.meta.url));
const PACKAGES = fileURLToPath(new URL('../../../node_modules', import.meta.url));
/** A program that runs longer than its test is stuck. */
const KILL_AFTER_MS = 240_000;

/** The end of a program. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A temporary folder with the programs that run in it. */
export class PageFolder implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), 'agora-page-'));
  readonly #environment: NodeJS.ProcessEnv;
  readonly #running = new Map<ChildProcess, Promise<ProgramEnd>>();

  constructor(environment: Readonly<Record<string, string>>) {
    const bin = join(this.path, '.bin');
    mkdirSync(bin);
    const agora = join(bin, 'agora');
    writeFileSync(agora, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
    chmodSync(agora, 0o755);
    symlinkSync(PACKAGES, join(this.path, 'node_modules'));
    const inherited = Object.entries(process.env).filter(([name]) => !/^(AGORA_|INIT_CWD$|FORCE_COLOR$)/.test(name));
    this.#environment = {
      ...Object.fromEntries(inherited),
      PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
      HOME: this.path,
      AGORA_HOME: join(this.path, '.home'),
      NODE_COMPILE_CACHE: join(tmpdir(), 'agora-compile-cache'),
      ...environment,
    };
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), text);
  }

  /** Copies the files of a folder, but not its packages. */
  copy(folder: string): void {
    cpSync(folder, this.path, { recursive: true, filter: source => !source.includes('node_modules') });
  }

  /** Runs shell lines; each has to succeed, unless `isLenient`. */
  shell(lines: string, isLenient = false): Promise<ProgramEnd> {
    return this.#start('bash', ['-c', isLenient ? lines : `set -eo pipefail\n${lines}`]).ended;
  }

  /** Runs a TypeScript file. */
  node(name: string): Promise<ProgramEnd> {
    return this.#start(process.execPath, [join(this.path, name)]).ended;
  }

  /** Starts shell lines that go on; resolves once they have printed `text`. */
  async background(lines: string, text: string): Promise<void> {
    const { child, ended, printed } = this.#start('bash', ['-c', lines]);
    if (text === '') return;
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (printed().includes(text)) resolve();
      };
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', look);
      ended.then(end => reject(new Error(`it ended (${end.code}) without "${text}": ${end.out}${end.err}`)), reject);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#running];
    for (const [child] of all) killGroup(child, 'SIGKILL');
    await Promise.all(all.map(([, ended]) => ended));
    rmSync(this.path, { recursive: true, force: true });
  }

  #start(program: string, words: readonly string[]) {
    // A separate process group, so that the processes it leaves behind end with it.
    const child = spawn(program, words, {
      cwd: this.path,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const late = setTimeout(() => killGroup(child, 'SIGKILL'), KILL_AFTER_MS);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = once(child, 'close').then(([code]): ProgramEnd => {
      clearTimeout(late);
      this.#running.delete(child);
      return { code: code as number | null, out, err }; // the first argument of 'close'
    });
    this.#running.set(child, ended);
    return { child, ended, printed: () => out + err };
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}
