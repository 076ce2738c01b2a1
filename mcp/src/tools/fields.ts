// Fields that several tools share. Limits are also in the descriptions: some clients drop them from the schemas.

import type { Priority } from '@agora/client';
import * as z from 'zod';
import { McpError } from '../base/mcp-error.ts';
import { DEFAULT_WAIT_S, MAX_WAIT_S } from './waiting.ts';

export const id = z.string().describe('message id');

export const timeout_s = z
  .number()
  .min(0)
  .max(MAX_WAIT_S)
  .default(DEFAULT_WAIT_S)
  .describe(`seconds to wait, 0-${MAX_WAIT_S}, default ${DEFAULT_WAIT_S}`);

/** Fields of everything that is sent. */
export const outgoing = {
  to: z
    .string()
    .describe('agent name, #group, @capability (one agent that has it) or * (all); several names with commas'),
  text: z.string().optional().describe('the message as text'),
  payload: z.record(z.string(), z.unknown()).optional().describe('the message as a JSON object, instead of text'),
  type: z.string().default('message').describe('message type, default "message"'),
  priority: z.number().int().min(1).max(4).default(2).describe('1 low, 2 normal (default), 3 high, 4 critical'),
  in_reply_to: z.string().optional().describe('id of the message that this one is about'),
};

interface Outgoing {
  readonly to: string;
  readonly text?: string | undefined;
  readonly payload?: Readonly<Record<string, unknown>> | undefined;
  readonly type: string;
  readonly priority: number;
  readonly in_reply_to?: string | undefined;
}

/** The message of shared fields. */
export function messageOf({ to, text, payload, type, priority, in_reply_to }: Outgoing) {
  if ((text === undefined) === (payload === undefined)) {
    throw new McpError(
      'mcp/bad-input',
      'Give either text or payload.',
      'Call the tool again with exactly one of them.',
    );
  }
  const names = to
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
  return {
    to: names.length === 1 ? (names[0] ?? '') : names,
    messageType: type,
    payload: payload ?? { text },
    priority: priority as Priority, // the schema has checked it
    inReplyTo: in_reply_to,
  };
}

/** The pending mail that every answer carries. */
export const inbox = z.looseObject({});
