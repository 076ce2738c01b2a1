// Dead letters as they are asked for on the command line.

import type { AgoraClient, DeadLetter, DeadLetterFilter } from '@agora/client';
import { z } from 'zod';
import { duration } from '../../base/flag-schemas.ts';
import type { AgentNames } from '../../command/agent-names.ts';

/** A date, or a length of time before now. */
export const moment = z.string().transform((text, context): Date => {
  const ago = duration.safeParse(text);
  const date = new Date(ago.success ? Date.now() - ago.data : text);
  if (!Number.isNaN(date.getTime())) return date;
  context.addIssue({ code: 'custom', message: `a date such as 2026-01-31T12:00, or a time such as 2h, not "${text}"` });
  return z.NEVER;
});

/** The flags that say which letters are meant. */
export const letterFlags = {
  agent: z.string().optional(),
  sender: z.string().optional(),
  type: z.string().optional(),
  reason: z.string().optional(),
  before: moment.optional(),
};

interface DeadLetterFlags {
  readonly agent?: string | undefined;
  readonly sender?: string | undefined;
  readonly type?: string | undefined;
  readonly reason?: string | undefined;
  readonly before?: Date | undefined;
}

/** Names as numbers. */
export async function filterOf(names: AgentNames, asked: DeadLetterFlags): Promise<DeadLetterFilter> {
  const { agent, sender, type, reason, before } = asked;
  return {
    ...(agent !== undefined && { agent: await names.idOf(agent) }),
    ...(sender !== undefined && { sender: await names.idOf(sender) }),
    type,
    reason,
    before,
  };
}

/** The letters that fit, from the oldest on. */
export async function* findLetters(client: AgoraClient, filter: DeadLetterFilter): AsyncGenerator<DeadLetter, void> {
  const { type, reason, before } = filter;
  for await (const letter of client.operator.deadLetters(filter)) {
    if (type !== undefined && letter.type !== type) continue;
    if (reason !== undefined && !letter.reason.includes(reason)) continue;
    if (before !== undefined && letter.at >= before) continue;
    yield letter;
  }
}
