// Runs the command line as a child process with a temporary home folder.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../../cli/src/main.ts', import.meta.url));
/** A process that runs longer is stuck. */
const KILL_AFTER_MS = 60_000;

/** The hub and the identity of all commands of a shell. */
export interface ShellOptions {
  readonly server?: string;
  readonly database?: string;
  /** Token of the identity; by default a new identity, stored in the home folder of the shell. */
  readonly token?: string;
  /** `--as` for all commands. */
  readonly agent?: string;
}

/** The result of a command. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A running command. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Settles when the output (of either stream) contains this; rejects if the command ends before. */
  untilPrinted(text: string | RegExp | ((printed: string) => boolean)): Promise<void>;
  /** The standard output so far. */
  readonly out: string;
}

/** A person at a command line. */
export class Shell implements Disposable {
  readonly folder: string;
  readonly #options: ShellOptions;
  readonly #running = new Set<ChildProcess>();

  constructor(options: ShellOptions = {}) {
    this.#options = options;
    this.folder = mkdtempSync(join(tmpdir(), 'agora-shell-'));
  }

  /** Runs a command to its end. */
  run(...words: string[]): Promise<Ended> {
    return this.start(words).ended;
  }

  /** Runs a command with `--json` and returns the printed objects. Throws if the exit code is not 0. */
  async json(...words: string[]): Promise<Record<string, unknown>[]> {
    const { code, out, err } = await this.run(...words, '--json');
    if (code !== 0) throw new Error(`agora ${words.join(' ')} ended with ${code}: ${err}`);
    return jsonLines(out);
  }

  /** Starts a command. Its standard input is `input`, which ends unless `isOpen` is set. */
  start(words: readonly string[], options: { readonly input?: string; readonly isOpen?: boolean } = {}): Running {
    return this.#spawn(process.execPath, [MAIN, ...words], options);
  }

  /** Runs a bash script in which `agora` is the command line. */
  bash(lines: string): Promise<Ended> {
    const bin = join(this.folder, 'bin');
    mkdirSync(bin, { recursive: true });
    const agora = `#!/bin/sh\nexec ${[process.execPath, MAIN].map(quoted).join(' ')} "$@"\n`;
    writeFileSync(join(bin, 'agora'), agora, { mode: 0o755 });
    const path = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
    return this.#spawn('bash', ['-c', lines], {}, { PATH: path }).ended;
  }

  /** Starts a command in a terminal of this size; the output contains the terminal's escape sequences. */
  startInTerminal(words: readonly string[], { rows = 24, columns = 100, input = '' } = {}): Running {
    const command = [process.execPath, MAIN, ...words].map(quoted).join(' ');
    const line = `stty rows ${rows} cols ${columns}; exec ${command}`;
    const terminal = { input, isOpen: true };
    return this.#spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], terminal, { TERM: 'xterm' });
  }

  [Symbol.dispose](): void {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(
    program: string,
    words: readonly string[],
    { input = '', isOpen = false }: { readonly input?: string; readonly isOpen?: boolean },
    more: Record<string, string> = {},
  ): Running {
    const { server, database, token, agent } = this.#options;
    const env = {
      ...inherited(),
      AGORA_HOME: join(this.folder, 'home'),
      // The many commands of a test load the same code.
      NODE_COMPILE_CACHE: join(tmpdir(), 'agora-compile-cache'),
      ...(server !== undefined && { AGORA_SERVER: server }),
      ...(database !== undefined && { AGORA_DATABASE: database }),
      ...(token !== undefined && { AGORA_TOKEN: token }),
      ...(agent !== undefined && { AGORA_AGENT: agent }),
      ...more,
    };
    const child = spawn(program, words, { cwd: this.folder, env, stdio: 'pipe' });
    this.#running.add(child);
    const late = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    let out = '';
    let err = '';
    let printed = Promise.withResolvers<void>();
    const onPrinted = () => {
      printed.resolve();
      printed = Promise.withResolvers();
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      onPrinted();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      onPrinted();
    });
    // The command may end without reading all of its input.
    child.stdin.on('error', () => undefined);
    if (isOpen) child.stdin.write(input);
    else child.stdin.end(input);
    const ended = once(child, 'close').then(([code]): Ended => {
      clearTimeout(late);
      this.#running.delete(child);
      return { code: code as number | null, out, err }; // the first argument of 'close'
    });
    return {
      child,
      ended,
      get out() {
        return out;
      },
      async untilPrinted(text) {
        const has = () => {
          const all = out + err;
          if (typeof text === 'function') return text(all);
          return typeof text === 'string' ? all.includes(text) : text.test(all);
        };
        while (!has()) {
          const end = await Promise.race([printed.promise, ended]);
          if (end && !has()) throw new Error(`it ended (${end.code}) without ${String(text)}: ${out}${err}`);
        }
      },
    };
  }
}

/** Parses the output of a command with `--json`. */
export function jsonLines(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter(line => line !== '');
  return lines.map(line => JSON.parse(line) as Record<string, unknown>); // every command prints objects
}

/** Replaces values that change with each run (ids, times, identities) by placeholders. */
export function withPlaceholders(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, '<id>')
    .replace(/\b[0-9a-f]{64}\b/g, '<identity>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>');
  return JSON.parse(text);
}

/** The environment of this process, without variables that would change the settings of a command. */
function inherited(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AGORA_|INIT_CWD$|FORCE_COLOR$|NO_COLOR$)/.test(name));
  return Object.fromEntries(kept);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
