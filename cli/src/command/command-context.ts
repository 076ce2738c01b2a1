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

  constructor(settings: ResolvedSettings, output: Output, io: ProcessIO) {
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
    await Promise.race([client.connect(), aborted(signal, client).then(() => signal.throwIfAborted())]);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map(client => client.close({ drainMs: 0 })));
  }
}
