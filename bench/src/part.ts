// A part of a measurement: a process that answers commands of the harness over Node's IPC channel.

import { fork, type ChildProcess } from 'node:child_process';
import { z } from 'zod';

const Request = z.object({ call: z.number(), command: z.string(), argument: z.unknown() });
const Reply = z.union([
  z.object({ call: z.number(), result: z.unknown() }),
  z.object({ call: z.number(), error: z.string() }),
]);

/** The commands of a part; results must be plain data. */
export type Commands = Record<string, (argument: unknown) => unknown>;

/** Inside the child: answers commands, and `cpuMs`, until the harness ends it or disconnects. */
export function servePart(commands: Commands): void {
  const known = { ...commands, cpuMs };
  process.on('message', (message: unknown) => void answer(known, Request.parse(message)));
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole process group; the harness decides when a part ends.
  process.on('SIGINT', () => undefined);
}

/** Processor time of this process, in ms. Unlike wall-clock time, other processes do not lengthen it. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function answer(commands: Commands, { call, command, argument }: z.infer<typeof Request>): Promise<void> {
  try {
    const run = commands[command];
    if (!run) throw new Error(`no such command: ${command}`);
    process.send?.({ call, result: (await run(argument)) ?? null });
  } catch (error) {
    process.send?.({ call, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A part seen from the harness. Every call has a time limit; a part that dies fails all its calls. */
export class Part {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #calls = 0;
  #ended: Error | undefined;

  /** Starts the file as a child process. */
  constructor(name: string, file: URL, flags: readonly string[] = []) {
    this.name = name;
    // The output of a part goes to standard error: standard output is for the results.
    this.#child = fork(file, [...flags], { stdio: ['ignore', 2, 2, 'ipc'], serialization: 'advanced' });
    this.#child.on('message', message => this.#settle(Reply.parse(message)));
    this.#child.on('error', error => this.#fail(error));
    this.#exited = new Promise(resolve => {
      this.#child.once('exit', (code, signal) => {
        this.#fail(new Error(`${name} ended with ${code ?? signal}`));
        resolve();
      });
    });
  }

  /** Runs one command and checks its result. */
  async call<T>(command: string, argument: unknown, result: z.ZodType<T>, timeoutMs = 120_000): Promise<T> {
    if (this.#ended) throw this.#ended;
    const call = ++this.#calls;
    let timer: NodeJS.Timeout | undefined;
    try {
      const reply = await new Promise<unknown>((resolve, reject) => {
        this.#waiting.set(call, { resolve, reject });
        const late = () => reject(new Error(`${this.name} did not finish ${command} within ${timeoutMs} ms`));
        timer = setTimeout(late, timeoutMs);
        this.#child.send({ call, command, argument });
      });
      return result.parse(reply);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(call);
    }
  }

  /** Its processor time so far, in ms. */
  cpuMs(): Promise<number> {
    return this.call('cpuMs', null, z.number());
  }

  /** Ends the process, by force after two seconds; idempotent. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 2000);
    await this.#exited;
    clearTimeout(force);
  }

  #settle(reply: z.infer<typeof Reply>): void {
    const waiting = this.#waiting.get(reply.call);
    if ('error' in reply) waiting?.reject(new Error(`${this.name}: ${reply.error}`));
    else waiting?.resolve(reply.result);
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
  }
}
