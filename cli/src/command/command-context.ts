// The context of a running command: settings, output, connections to the hub, and the stop signal.

import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { aborted } from 'node:util';
import type { AgoraClient, AgoraClientOptions } from '@agora/client';
import { EXIT, type ExitCode } from '../base/cli-error.ts';
import type { Output } from '../base/output.ts';
import type { ResolvedSettings } from '../base/settings.ts';

/** The environment, folder and streams of the process; a test passes its own. */
export interface ProcessIO {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal;
}

/** Passed to every command. Closes all connections that the command opened when it ends. */
export class CommandContext {
  readonly settings: ResolvedSettings;
  readonly output: Output;
  readonly io: ProcessIO;
  /** The exit code of a command that does not throw. */
  exit: ExitCode = EXIT.ok;
  readonly #clients: AgoraClient[] = [];
  readonly #waitForHub: string | undefined;

  constructor(settings: ResolvedSettings, output: Output, io: ProcessIO, waitForHub?: string) {
    this.#waitForHub = waitForHub;
    this.settings = settings;
    this.output = output;
    this.io = io;
  }

  get signal(): AbortSignal {
    return this.io.signal;
  }

  /** The absolute path of a typed path, which is relative to the working folder. */
  path(typed: string): string {
    return resolve(this.io.cwd, typed);
  }

  /** Connects to the hub under the user's identity. The name matters only to a caller that registers an agent. */
  async connect(name = 'agora-cli', options: AgoraClientOptions = {}): Promise<AgoraClient> {
    const { AgoraClient } = await import('@agora/client');
    const { server, database, token } = this.settings;
    const { signal } = this;
    signal.throwIfAborted();
    const client = new AgoraClient(name, { server, database, token, ...options });
    client.on('warning', ({ code, message }) => this.output.note(`warning ${message} (${code})`));
    this.#clients.push(client);
    const retryForMs = await this.#retryForMs();
    await Promise.race([client.connect({ retryForMs }), aborted(signal, client).then(() => signal.throwIfAborted())]);
    return client;
  }

  async #retryForMs(): Promise<number | undefined> {
    if (this.#waitForHub === undefined) return undefined;
    const { duration, usageError } = await import('../base/flag-schemas.ts');
    const { z } = await import('zod');
    const parsed = z.object({ waitForHub: duration }).safeParse({ waitForHub: this.#waitForHub });
    if (!parsed.success) throw usageError(parsed.error);
    return parsed.data.waitForHub;
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map(client => client.close({ drainMs: 0 })));
  }
}
