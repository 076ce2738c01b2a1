// A look at an inbox that takes nothing from it.

import { LIMITS, type InboxKind, type Envelope } from '@agora/module/contract';
import type { Connection } from '../connection/connection.ts';
import { parseEnvelope } from '../wire/envelope.ts';
import { recordOf, type MessageRecord } from './history.ts';

/** What an agent holds, or what waits for it. */
export interface PeekedMessage extends Omit<MessageRecord, 'state'> {
  /** `broadcast`, a duty (`message`, `ask`, `task`), or word about what the agent sent (`dead`, `expired`, `answer`, …). */
  readonly kind: Exclude<InboxKind, 'progress'> | 'broadcast';
  /** Whether a process of the agent may have it already. */
  readonly state: 'offered' | 'queued';
  /** Which attempt it is, or would be; 0 for notices. */
  readonly attempt: number;
  /** Its length, where the payload is over 4 KiB and not shown. */
  readonly payloadBytes: number | undefined;
}

/** An inbox, as it is now. */
export interface InboxPeek {
  /** Whether a connection is attached to the agent: somebody serves it. */
  readonly isOnline: boolean;
  readonly credit: number;
  /** Deliveries that are offered, and that wait; beside them there may be broadcasts and notices. */
  readonly held: number;
  readonly waiting: number;
  /** Offered ones first, then in the order in which they would be offered, then broadcasts. */
  readonly messages: readonly PeekedMessage[];
}

/** Reads up to `limit` entries of an inbox. */
export async function peekInbox(
  connection: Pick<Connection, 'call'>,
  agent: bigint,
  limit: number = LIMITS.page,
): Promise<InboxPeek> {
  const [peek, broadcasts] = await Promise.all([
    connection.call('peek_inbox', db => db.procedures.peekInbox({ agent, limit })),
    connection.call('read_broadcasts', db => db.procedures.readBroadcasts({ agent, after: 0n, limit })),
  ]);
  const messages: PeekedMessage[] = [];
  for (const { envelope, kind, state, attempt } of peek.rows) {
    const parsed = parseEnvelope(envelope);
    // The module knows no other kinds and states.
    if (parsed) messages.push(peeked(parsed, kind as PeekedMessage['kind'], state as PeekedMessage['state'], attempt));
  }
  for (const { envelope, sender, failures } of broadcasts.rows) {
    // Its own are handled, and of those whose time is over only the place is left.
    const parsed = sender === agent || envelope === '' ? undefined : parseEnvelope(envelope);
    if (parsed) messages.push(peeked(parsed, 'broadcast', 'queued', failures + 1));
  }
  const { online: isOnline, credit, held, waiting } = peek;
  return { isOnline, credit, held, waiting, messages: messages.slice(0, limit) };
}

function peeked(
  envelope: Envelope,
  kind: PeekedMessage['kind'],
  state: PeekedMessage['state'],
  attempt: number,
): PeekedMessage {
  return { ...recordOf(envelope, ''), kind, state, attempt, payloadBytes: envelope.payloadBytes };
}
