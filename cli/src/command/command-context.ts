// What a command is given: settings, a way to print, a way to the hub, and the sign to stop.

import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { AgoraClient, AgoraClientOptions } from '@agora/client';
import type { Resolved } from '../base/settings.ts';
import { EXIT, type ExitCode } from '../base/cli-error.ts';
import type { Output } from '../base/output.ts';

/** What the process gives; a test gives its own. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal;
}

/** What a command works with; everything that was opened is closed when it ends. */
export class Context {
  readonly settings: Resolved;
  readonly output: Output;
  readonly world: World;
  /** How the command ends when it does not throw. */
  exit: ExitCode = EXIT.ok;
  readonly #clients: AgoraClient[] = [];

  constructor(settings: Resolved, output: Output, world: World) {
    this.settings = settings;
    this.output = output;
    this.world = world;
  }

  get signal(): AbortSignal {
    return this.world.signal;
  }

  /** A path that was typed: relative to where it was typed. */
  path(typed: string): string {
    return resolve(this.world.cwd, typed);
  }

  /** A connection to the hub, under the user's identity there. The name matters only to whoever registers it. */
  async connect(name = 'agora-cli', options: AgoraClientOptions = {}): Promise<AgoraClient> {
    const { AgoraClient } = await import('@agora/client');
    const { server, database, token } = this.settings;
    const client = new AgoraClient(name, { server, database, token, ...options });
    client.on('warning', ({ code, message }) => this.output.note(`warning ${message} (${code})`));
    this.#clients.push(client);
    await untilAborted(client.connect(), this.signal);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map(client => client.close()));
  }
}

/** What is waited for, unless somebody wants to go first. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
