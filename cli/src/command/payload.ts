// What is said: a text, JSON from a flag or a file, or whatever comes on standard input.

import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { z } from 'zod';
import type { Context } from './command-context.ts';
import { CliError, EXIT } from '../base/cli-error.ts';
import { json } from '../base/flag-schemas.ts';

/** More than any hub takes; reading goes no further. */
const MOST_BYTES = 1024 * 1024;
/** For a person who wonders why nothing happens. */
const SAY_AFTER_MS = 1_000;

/** The argument and flags that say it; at most one of them is given. */
export const payloadInput = {
  text: z.string().optional(),
  payload: json.optional(),
  payloadFile: z.string().optional(),
};

/** What was given of `payloadInput`. */
export interface GivenPayload {
  readonly text?: string | undefined;
  readonly payload?: unknown;
  readonly payloadFile?: string | undefined;
}

/**
 * Reads what is to be said. A text becomes `{"text": …}`; standard input is JSON where it is some, else a text, and nothing
 * is `{}`.
 */
export async function readPayload(context: Context, given: GivenPayload): Promise<unknown> {
  const { text, payload, payloadFile } = given;
  const sources = [text, payload, payloadFile].filter(each => each !== undefined);
  if (sources.length > 1) {
    throw new CliError('cli/usage', 'Give a text, --payload or --payload-file: one of them.', EXIT.usage);
  }
  if (payload !== undefined) return payload;
  if (payloadFile !== undefined && payloadFile !== '-') return readJsonFile(context, payloadFile);
  if (text !== undefined && text !== '-') return { text };
  if (context.world.stdin.isTTY === true && sources.length === 0) {
    throw new CliError(
      'cli/usage',
      'Say what is to be sent: a text, --payload, --payload-file, or a pipe.',
      EXIT.usage,
    );
  }
  return payloadOf(await readAll(context));
}

/** JSON where it is some, else `{"text": …}`. */
export function payloadOf(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return {};
  try {
    return JSON.parse(trimmed);
  } catch {
    return { text: trimmed };
  }
}

async function readJsonFile(context: Context, file: string): Promise<unknown> {
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
    throw new CliError('cli/usage', `The file ${file} is no JSON.`, EXIT.usage, { cause });
  }
}

/** All of standard input, 1 MiB at most. Throws `cli/usage`, and the reason of the signal. */
export async function readAll({ world, output, signal }: Context): Promise<string> {
  const { stdin } = world;
  const waiting = setTimeout(() => output.note('Reading standard input …'), SAY_AFTER_MS);
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of addAbortSignal(signal, stdin)) {
      const part = Buffer.from(chunk as Uint8Array); // no encoding was set
      bytes += part.length;
      if (bytes > MOST_BYTES) throw new CliError('cli/usage', 'Standard input is longer than 1 MiB.', EXIT.usage);
      chunks.push(part);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(waiting);
  }
}
