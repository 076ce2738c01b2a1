// Filters of dead letters, as flags and as the client takes them.

import type { AgoraClient, DeadLetter, DeadLetterFilter } from '@agora/client';
import { z } from 'zod';
import { duration } from '../../base/flag-schemas.ts';
import type { AgentNames } from '../../command/agent-names.ts';

/** A point in time: a date, or a duration before now. */
export const moment = z.string().transform((text, context): Date => {
  const ago = duration.safeParse(text);
  const date = new Date(ago.success ? Date.now() - ago.data : text);
  if (!Number.isNaN(date.getTime())) return date;
  context.addIssue({ code: 'custom', message: `a date such as 2026-01-31T12:00, or a time such as 2h, not "${text}"` });
  return z.NEVER;
});

/** The flags that filter dead letters. */
export const filterFlags = {
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

/** The filter that these flags describe, with ids in place of names. Throws `cli/unknown-agent`. */
export async function filterOf(names: AgentNames, flags: DeadLetterFlags): Promise<DeadLetterFilter> {
  const { agent, sender, type, reason, before } = flags;
  return {
    ...(agent !== undefined && { agent: await names.idOf(agent) }),
    ...(sender !== undefined && { sender: await names.idOf(sender) }),
    type,
    reason,
    before,
  };
}

/** The dead letters that match, oldest first. */
export async function* findDeadLetters(
  client: AgoraClient,
  filter: DeadLetterFilter,
): AsyncGenerator<DeadLetter, void> {
  const { agent, sender, type, reason, before } = filter;
  for await (const letter of client.operator.deadLetters({ agent, sender })) {
    if (type !== undefined && letter.type !== type) continue;
    if (reason !== undefined && !letter.reason.includes(reason)) continue;
    if (before !== undefined && letter.at >= before) continue;
    yield letter;
  }
}
