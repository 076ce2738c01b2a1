// The payload of a message or event: a text, JSON from a flag or a file, or standard input.

import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { z } from 'zod';
import { CliError, EXIT } from '../base/cli-error.ts';
import { json } from '../base/flag-schemas.ts';
import type { CommandContext } from './command-context.ts';

/** The limit of standard input; larger than any payload that a hub accepts. */
const MAX_BYTES = 1024 * 1024;
/** After this time a note says that the command waits for standard input. */
const NOTE_AFTER_MS = 1_000;

/** The argument and flags of a payload; at most one of them is given. */
export const payloadInput = {
  text: z.string().optional(),
  payload: json.optional(),
  payloadFile: z.string().optional(),
};

/** The parsed values of `payloadInput`. */
export interface GivenPayload {
  readonly text?: string | undefined;
  readonly payload?: unknown;
  readonly payloadFile?: string | undefined;
}

/**
 * Reads the payload. A text becomes `{"text": …}`. Standard input is parsed as JSON if it is valid, else it is a text; empty
 * input becomes `{}`. Throws `cli/usage` and `cli/unreadable`.
 */
export async function readPayload(context: CommandContext, given: GivenPayload): Promise<unknown> {
  const { text, payload, payloadFile } = given;
  const sources = [text, payload, payloadFile].filter(each => each !== undefined);
  if (sources.length > 1) {
    throw new CliError('cli/usage', 'Give only one of a text, --payload and --payload-file.', EXIT.usage);
  }
  if (payload !== undefined) return payload;
  if (payloadFile !== undefined && payloadFile !== '-') return readJsonFile(context, payloadFile);
  if (text !== undefined && text !== '-') return { text };
  if (context.io.stdin.isTTY === true && sources.length === 0) {
    throw new CliError(
      'cli/usage',
      'There is nothing to send; give a text, --payload, --payload-file, or a pipe.',
      EXIT.usage,
    );
  }
  return payloadOf(await readAll(context));
}

/** The parsed text if it is valid JSON, else `{"text": …}`. */
export function payloadOf(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return {};
  try {
    return JSON.parse(trimmed);
  } catch {
    return { text: trimmed };
  }
}

async function readJsonFile(context: CommandContext, file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(context.path(file), 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new CliError('cli/unreadable', `The file ${file} cannot be read (${code}).`, EXIT.usage, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError('cli/usage', `The file ${file} is not JSON.`, EXIT.usage, { cause });
  }
}

/** Reads standard input to its end, at most 1 MiB. Throws `cli/usage`, and the reason of the signal. */
export async function readAll({ io, output, signal }: CommandContext): Promise<string> {
  const { stdin } = io;
  const note = setTimeout(() => output.note('Reading standard input …'), NOTE_AFTER_MS);
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of addAbortSignal(signal, stdin)) {
      const part = Buffer.from(chunk as Uint8Array); // chunks are bytes, since no encoding is set
      bytes += part.length;
      if (bytes > MAX_BYTES) throw new CliError('cli/usage', 'Standard input is longer than 1 MiB.', EXIT.usage);
      chunks.push(part);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(note);
  }
}
