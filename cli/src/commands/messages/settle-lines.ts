// What a program that runs beside `agora listen --settle` says of the messages it was shown: a line of JSON each.

import { createInterface } from 'node:readline';
import { PermanentError, type IncomingMessage } from '@agora/client';
import { z } from 'zod';
import type { CommandContext } from '../../command/command-context.ts';
import { CliError, EXIT } from '../../base/cli-error.ts';

const Settlement = z.union([
  z.strictObject({ ack: z.string() }),
  z.strictObject({ answer: z.string(), data: z.unknown() }),
  z.strictObject({
    fail: z.string(),
    reason: z.string().default('no reason was given'),
    again: z.boolean().default(false),
  }),
  z.strictObject({ progress: z.string(), data: z.unknown() }),
]);
type Settlement = z.infer<typeof Settlement>;

interface Open {
  readonly message: IncomingMessage;
  readonly settled: (settle: () => unknown) => void;
}

/** Messages that were shown, until a line settles each. */
export class SettleLines {
  readonly #context: CommandContext;
  readonly #open = new Map<string, Open>();

  constructor(context: CommandContext) {
    this.#context = context;
  }

  /** Reads lines to the end of standard input. */
  async read(): Promise<void> {
    for await (const line of createInterface(this.#context.io.stdin)) {
      if (line.trim() !== '') this.#take(line);
    }
  }

  /** What a line says of the message, once it comes; nothing if the message is lost or `stopped` before. */
  async of(message: IncomingMessage, stopped: AbortSignal): Promise<() => unknown> {
    const { promise, resolve } = Promise.withResolvers<() => unknown>();
    const lost = () => resolve(stopped.aborted ? givenBack : () => undefined);
    const over = AbortSignal.any([stopped, message.signal]);
    over.addEventListener('abort', lost, { once: true });
    if (over.aborted) lost();
    this.#open.set(message.id, { message, settled: resolve });
    try {
      return await promise;
    } finally {
      over.removeEventListener('abort', lost);
      this.#open.delete(message.id);
    }
  }

  #take(line: string): void {
    const settlement = parse(line);
    if (!settlement) return this.#complain(`no settlement: ${line.slice(0, 100)}`);
    const id = idOf(settlement);
    const open = this.#open.get(id);
    if (!open) return this.#complain(`message ${id} is not open here`);
    if ('progress' in settlement) void open.message.progress(settlement.data);
    else open.settled(actOf(settlement));
  }

  #complain(sentence: string): void {
    this.#context.output.error(new CliError('cli/bad-settlement', sentence, EXIT.usage));
  }
}

function parse(line: string): Settlement | undefined {
  try {
    return Settlement.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function idOf(settlement: Settlement): string {
  if ('ack' in settlement) return settlement.ack;
  if ('answer' in settlement) return settlement.answer;
  return 'fail' in settlement ? settlement.fail : settlement.progress;
}

function actOf(settlement: Exclude<Settlement, { progress: string }>): () => unknown {
  if ('ack' in settlement) return () => undefined;
  if ('answer' in settlement) return () => settlement.data ?? null;
  const { reason, again } = settlement;
  return () => {
    throw again ? new Error(reason) : new PermanentError(reason);
  };
}

function givenBack(): never {
  throw new Error('whoever had it was stopped');
}
