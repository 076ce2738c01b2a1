// The command line as a process of its own, in a home folder of its own.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../../cli/src/main.ts', import.meta.url));
/** Nothing here takes longer; what does is stuck. */
const KILL_AFTER_MS = 60_000;

/** Where a shell's commands go, and as whom. */
export interface ShellOptions {
  readonly server?: string;
  readonly database?: string;
  /** The identity; by default one of the shell's own, kept in its home. */
  readonly token?: string;
  /** `--as` for all commands. */
  readonly agent?: string;
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Settles once what was printed (on either stream) has this in it; rejects when the command ends without. */
  said(text: string | RegExp | ((printed: string) => boolean)): Promise<void>;
  /** What was printed so far. */
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

  /** Runs a command with `--json`, and gives what it printed, an object a line. Throws when it does not end well. */
  async json(...words: string[]): Promise<Record<string, unknown>[]> {
    const { code, out, err } = await this.run(...words, '--json');
    if (code !== 0) throw new Error(`agora ${words.join(' ')} ended with ${code}: ${err}`);
    return jsonLines(out);
  }

  /** Starts a command; `input` is its standard input, which ends with it unless it is `open`. */
  start(words: readonly string[], options: { readonly input?: string; readonly isOpen?: boolean } = {}): Running {
    return this.#spawn(process.execPath, [MAIN, ...words], options);
  }

  /** Runs lines of the shell in which `agora` is the command line. */
  bash(lines: string): Promise<Ended> {
    const bin = join(this.folder, 'bin');
    mkdirSync(bin, { recursive: true });
    const agora = `#!/bin/sh\nexec ${[process.execPath, MAIN].map(quoted).join(' ')} "$@"\n`;
    writeFileSync(join(bin, 'agora'), agora, { mode: 0o755 });
    const path = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
    return this.#spawn('bash', ['-c', lines], {}, { PATH: path }).ended;
  }

  /** Starts a command in a terminal of this size; what it draws comes with its escapes. */
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
      // Many commands are run: each loads the same code.
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
    let heard = Promise.withResolvers<void>();
    const hear = () => {
      heard.resolve();
      heard = Promise.withResolvers();
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      hear();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      hear();
    });
    // It may end without having read all of it.
    child.stdin.on('error', () => undefined);
    if (isOpen) child.stdin.write(input);
    else child.stdin.end(input);
    const ended = once(child, 'close').then(([code]): Ended => {
      clearTimeout(late);
      this.#running.delete(child);
      return { code: code as number | null, out, err }; // what 'close' carries first
    });
    return {
      child,
      ended,
      get out() {
        return out;
      },
      async said(text) {
        const has = () => {
          const printed = out + err;
          if (typeof text === 'function') return text(printed);
          return typeof text === 'string' ? printed.includes(text) : text.test(printed);
        };
        while (!has()) {
          const end = await Promise.race([heard.promise, ended]);
          if (end && !has()) throw new Error(`it ended (${end.code}) without ${String(text)}: ${out}${err}`);
        }
      },
    };
  }
}

/** The lines of a `--json` output. */
export function jsonLines(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter(line => line !== '');
  return lines.map(line => JSON.parse(line) as Record<string, unknown>); // that is what every command prints
}

/** What changes with each run, by what it is: ids, times, identities. */
export function withoutChance(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, '<id>')
    .replace(/\b[0-9a-f]{64}\b/g, '<identity>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>');
  return JSON.parse(text);
}

/** The environment without what would tell a command something else than the test. */
function inherited(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AGORA_|INIT_CWD$|FORCE_COLOR$|NO_COLOR$)/.test(name));
  return Object.fromEntries(kept);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
