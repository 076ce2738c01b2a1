// Reads an inbox without taking messages from it.

import { LIMITS, type InboxKind, type Envelope } from '@agora/module/contract';
import type { Connection } from '../connection/connection.ts';
import { parseEnvelope } from '../wire/envelope.ts';
import { recordOf, type MessageRecord } from './history.ts';

/** An entry of an inbox. */
export interface PeekedMessage extends Omit<MessageRecord, 'state'> {
  /** `broadcast`, a delivery (`message`, `ask`, `task`), or a notice (`dead`, `expired`, `answer`, …). */
  readonly kind: Exclude<InboxKind, 'progress'> | 'broadcast';
  /**
   * `offered` if a process of the agent may have it already; `taken` if the agent keeps it without a connection, for more than
   * a minute from now.
   */
  readonly state: 'offered' | 'taken' | 'queued';
  /** Number of the present or next attempt; 0 for notices. */
  readonly attempt: number;
  /** Size in bytes of a payload above 4 KiB, which is not included. */
  readonly payloadBytes: number | undefined;
}

/** Snapshot of an inbox. */
export interface InboxPeek {
  /** True if a connection is attached to the agent. */
  readonly isOnline: boolean;
  readonly credit: number;
  /** Offered and waiting deliveries, without broadcasts and notices. */
  readonly held: number;
  readonly waiting: number;
  /** Offered entries first, then waiting ones in offer order, then broadcasts. */
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
    // The module stores only these kinds and states.
    if (parsed) messages.push(peeked(parsed, kind as PeekedMessage['kind'], state as PeekedMessage['state'], attempt));
  }
  for (const { envelope, sender, failures } of broadcasts.rows) {
    // Skips broadcasts of the agent itself, and expired ones, which have no envelope.
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
