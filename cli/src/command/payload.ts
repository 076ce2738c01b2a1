// The payload of a message or event: a text, JSON from a flag or a file, or standard input.

import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { z } from 'zod';
import { CliError, EXIT } from '../base/cli-error.ts';
import { json, oneOf } from '../base/flag-schemas.ts';
import { parseJson } from '../base/parse-json.ts';
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
  input: oneOf(['text', 'json']).optional(),
};

/** The parsed values of `payloadInput`. */
export interface GivenPayload {
  readonly text?: string | undefined;
  readonly payload?: unknown;
  readonly payloadFile?: string | undefined;
  /** What standard input is. By default JSON if it begins with `{` or `[`, else a text. */
  readonly input?: 'text' | 'json' | undefined;
}

/**
 * Reads the payload. A text becomes `{"text": …}`. Standard input that begins with `{` or `[` is JSON, and must be valid; other
 * input is a text, and `input` decides otherwise. Empty input is `empty`; without that it is refused, since the command before
 * the pipe has probably failed. Throws `cli/usage` and `cli/unreadable`.
 */
export async function readPayload(
  context: CommandContext,
  given: GivenPayload,
  { empty }: { readonly empty?: unknown } = {},
): Promise<unknown> {
  const { text, payload, payloadFile, input } = given;
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
  return inputOf(await readAll(context), input, empty);
}

/** The payload that a standard input is. Throws `cli/usage`. */
export function inputOf(text: string, input: 'text' | 'json' | undefined, empty?: unknown): unknown {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (input === 'text') return { text: text.replace(/\r?\n$/, '') };
  if (trimmed === '') {
    if (empty !== undefined) return empty;
    const ways = "--input text sends it as a text, --payload '{}' sends no content";
    throw new CliError('cli/usage', `Standard input is empty; ${ways}.`, EXIT.usage);
  }
  if (input === undefined && !/^[{[]/.test(trimmed)) return { text: trimmed };
  try {
    return parseJson(trimmed);
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    const way = input === undefined ? '; --input text sends it as a text' : '';
    throw new CliError('cli/usage', `Standard input is not JSON (${fault})${way}.`, EXIT.usage, { cause });
  }
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
    return parseJson(text);
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('cli/usage', `The file ${file} is not JSON (${fault}).`, EXIT.usage, { cause });
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
