// The durable host as a process to kill, and the HTTP requests of the audit.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const MAIN = fileURLToPath(new URL('../../../host/src/main.ts', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 30_000;

export const DATABASE = 'soak';

const Result = z.tuple([z.object({ rows: z.array(z.array(z.unknown())) })]);

/** One process of a host. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #dataDir: string;
  readonly #exited: Promise<unknown>;
  /** Its address when it listens; rejects if it ends earlier. */
  readonly url: Promise<string>;

  /** `cacheDir` keeps compiled code, which halves the start time; `limits` are shell commands for this process. */
  constructor(dataDir: string, cacheDir: string, limits?: string) {
    this.#dataDir = dataDir;
    const command = [process.execPath, MAIN, '--port', '0', '--data-dir', dataDir];
    const [program = '', ...args] =
      limits === undefined ? command : ['bash', '-c', `${limits}; exec "$0" "$@"`, ...command];
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: cacheDir },
    });
    this.#child = child;
    this.#exited = once(child, 'exit');
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-2000)));
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.url = promise;
    const late = setTimeout(() => reject(new Error(`the host did not start in time: ${output}`)), START_TIMEOUT_MS);
    createInterface(child.stdout).on('line', line => {
      if (line.startsWith('listening on ')) resolve(line.slice('listening on '.length));
    });
    child.once('close', (code, signal) => reject(new Error(`the host ended with ${signal ?? code}: ${output}`)));
    promise.finally(() => clearTimeout(late)).catch(() => undefined);
  }

  /** Kills it at any point of its work. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Ends it as an operator does. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exited;
  }

  /** Publishes a bundle; returns false if the host was killed in the meantime. */
  async publish(bundle: string): Promise<boolean> {
    try {
      const token = (await readFile(join(this.#dataDir, 'keys', 'owner-token'), 'utf8')).trim();
      const answer = await this.#fetch(`?host_type=Js`, { method: 'PUT', body: bundle, headers: bearer(token) });
      if (!answer.ok) throw new Error(`publishing failed: ${await answer.text()}`);
      return true;
    } catch (error) {
      if (this.#child.signalCode === 'SIGKILL' || this.#child.killed) return false;
      throw error;
    }
  }

  /** Calls a reducer over HTTP; returns the status and the text of the response. */
  async call(reducer: string, args: readonly unknown[]): Promise<{ readonly status: number; readonly text: string }> {
    const headers = { 'content-type': 'application/json' };
    const answer = await this.#fetch(`/call/${reducer}`, { method: 'POST', body: JSON.stringify(args), headers });
    return { status: answer.status, text: await answer.text() };
  }

  /** The version of the module; undefined if there is none. */
  async version(): Promise<string | undefined> {
    const headers = { 'content-type': 'application/json' };
    const answer = await this.#fetch('/call/version', { method: 'POST', body: '[]', headers });
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`reading the version failed: ${await answer.text()}`);
    return z.string().parse(await answer.json());
  }

  /** All rows of a table. */
  async rows<T>(columns: string, table: string, shape: z.ZodType<T>): Promise<T[]> {
    const answer = await this.#fetch('/sql', { method: 'POST', body: `SELECT ${columns} FROM ${table}` });
    if (!answer.ok) throw new Error(`reading ${table} failed: ${await answer.text()}`);
    return z.array(shape).parse(Result.parse(await answer.json())[0].rows);
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    return fetch(`${await this.url}/v1/database/${DATABASE}${path}`, { ...init, signal });
  }
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
