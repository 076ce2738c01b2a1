// The input of `agora listen --settle`: a program beside it writes one line of JSON for each message that it has handled.

import { createInterface } from 'node:readline';
import { PermanentError, type IncomingMessage } from '@agora/client';
import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import type { CommandContext } from '../../command/command-context.ts';

const SettleLine = z.union([
  z.strictObject({ ack: z.string() }),
  z.strictObject({ answer: z.string(), data: z.unknown() }),
  z.strictObject({
    fail: z.string(),
    reason: z.string().default('no reason was given'),
    again: z.boolean().default(false),
  }),
  z.strictObject({ progress: z.string(), data: z.unknown() }),
]);
type SettleLine = z.infer<typeof SettleLine>;

interface OpenMessage {
  readonly message: IncomingMessage;
  readonly settle: (end: () => unknown) => void;
}

/** The messages that were shown and wait for their line. */
export class SettleLines {
  readonly #context: CommandContext;
  readonly #open = new Map<string, OpenMessage>();

  constructor(context: CommandContext) {
    this.#context = context;
  }

  /** Reads lines to the end of standard input. */
  async read(): Promise<void> {
    for await (const line of createInterface(this.#context.io.stdin)) {
      if (line.trim() !== '') this.#readLine(line);
    }
  }

  /**
   * Waits for the line of a message, and returns the function that settles the message. When `stopped` is aborted first,
   * that function fails the message for another attempt; when the message is lost first, it does nothing.
   */
  async of(message: IncomingMessage, stopped: AbortSignal): Promise<() => unknown> {
    const { promise, resolve } = Promise.withResolvers<() => unknown>();
    const abort = () => resolve(stopped.aborted ? giveBack : () => undefined);
    const over = AbortSignal.any([stopped, message.signal]);
    over.addEventListener('abort', abort, { once: true });
    if (over.aborted) abort();
    this.#open.set(message.id, { message, settle: resolve });
    try {
      return await promise;
    } finally {
      over.removeEventListener('abort', abort);
      this.#open.delete(message.id);
    }
  }

  #readLine(text: string): void {
    const line = parse(text);
    if (!line) return this.#report(`the line is not valid: ${text.slice(0, 100)}`);
    const id = idOf(line);
    const open = this.#open.get(id);
    if (!open) return this.#report(`message ${id} is not open here`);
    if ('progress' in line) void open.message.progress(line.data);
    else open.settle(settlementOf(line));
  }

  #report(sentence: string): void {
    this.#context.output.error(new CliError('cli/bad-settlement', sentence, EXIT.usage));
  }
}

function parse(text: string): SettleLine | undefined {
  try {
    return SettleLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function idOf(line: SettleLine): string {
  if ('ack' in line) return line.ack;
  if ('answer' in line) return line.answer;
  return 'fail' in line ? line.fail : line.progress;
}

function settlementOf(line: Exclude<SettleLine, { progress: string }>): () => unknown {
  if ('ack' in line) return () => undefined;
  if ('answer' in line) return () => line.data ?? null;
  const { reason, again } = line;
  return () => {
    throw again ? new Error(reason) : new PermanentError(reason);
  };
}

function giveBack(): never {
  throw new Error('the process that handled it was stopped');
}
