// A part of a measurement: a process of its own that answers commands of the harness over Node's IPC channel.

import { fork, type ChildProcess } from 'node:child_process';
import { z } from 'zod';

const Request = z.object({ call: z.number(), command: z.string(), argument: z.unknown() });
const Reply = z.union([
  z.object({ call: z.number(), result: z.unknown() }),
  z.object({ call: z.number(), error: z.string() }),
]);

/** What a part can be asked to do; the result must be plain data. */
export type Commands = Record<string, (argument: unknown) => unknown>;

/** Inside the child: answers commands, and `cpuMs`, until the harness ends it or is gone. */
export function servePart(commands: Commands): void {
  const known = { ...commands, cpuMs };
  process.on('message', (message: unknown) => void answer(known, Request.parse(message)));
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole group; the harness decides who ends when.
  process.on('SIGINT', () => undefined);
}

/** What the processor has spent on this process, in ms: unlike the time of a clock, it is not longer where others run too. */
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
  #gone: Error | undefined;

  /** Starts the file as a process of its own. */
  constructor(name: string, file: URL, flags: readonly string[] = []) {
    this.name = name;
    // What a part prints is for a person: standard output belongs to the results.
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

  /** Asks for one command and checks what comes back. */
  async call<T>(command: string, argument: unknown, result: z.ZodType<T>, timeoutMs = 120_000): Promise<T> {
    if (this.#gone) throw this.#gone;
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

  /** What the processor has spent on it so far, in ms. */
  cpuMs(): Promise<number> {
    return this.call('cpuMs', null, z.number());
  }

  /** Ends the process, by force if it does not go within two seconds; may be called twice. */
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
    this.#gone ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
  }
}
