// What the agent sent and was given, what became of it, and what it has used of its quotas: read from the hub in pages.

import { LIMITS, type DeliveryState, type Envelope } from '@agora/module/contract';
import type { Connection } from '../connection/connection.ts';
import { parseEnvelope, referencesOf, type MessageReference } from '../wire/envelope.ts';
import { AgoraError } from '../base/errors.ts';
import { usageOf, type AgentUsage } from '../agents/usage.ts';
import { dateOf } from '../base/micros.ts';

/** A message as it is kept. */
export interface MessageRecord {
  readonly id: string;
  readonly type: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly priority: number;
  readonly sentAt: Date;
  readonly inReplyTo: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Undefined in a history when it is over 4 KiB; `readReference(id, id)` has it whole. */
  readonly payload: unknown;
  readonly onBehalfOf: readonly MessageReference[];
  readonly forwarded: readonly MessageReference[];
  /** How it ended for this agent; undefined for what it sent itself. */
  readonly state: DeliveryState | undefined;
}

/** What became of a message at one of its recipients. */
export interface DeliveryInfo {
  /** The recipient, or `@capability` while nobody has it. */
  readonly agent: string;
  readonly state: DeliveryState;
  readonly attempt: number;
  /** When it ended; until then, when its lease ends or when it is available. */
  readonly at: Date;
  /** Why it failed, died or was cancelled. */
  readonly reason: string;
}

/** Who has handled a broadcast, of the first 1,000 agents. */
export interface BroadcastInfo {
  readonly recipients: number;
  readonly handled: readonly string[];
  readonly waiting: readonly string[];
  /** Who has given it up. */
  readonly failed: readonly string[];
}

type HistoryPage = readonly { readonly no: bigint; readonly state: string; readonly envelope: string }[];

/** Reads what the hub keeps for this client's agent. */
export class History {
  readonly #connection: Connection;
  readonly #agent: () => bigint;

  constructor(connection: Connection, agent: () => bigint) {
    this.#connection = connection;
    this.#agent = agent;
  }

  /** What the agent sent, newest first. */
  sent(signal?: AbortSignal): AsyncIterable<MessageRecord> {
    const agent = this.#agent();
    const limit = LIMITS.page;
    return this.#pages(before =>
      this.#connection.call('sent_messages', db => db.procedures.sentMessages({ agent, before, limit }), signal),
    );
  }

  /** What the agent was given and has ended, newest first. */
  received(signal?: AbortSignal): AsyncIterable<MessageRecord> {
    const agent = this.#agent();
    const limit = LIMITS.page;
    return this.#pages(before =>
      this.#connection.call(
        'received_messages',
        db => db.procedures.receivedMessages({ agent, before, limit }),
        signal,
      ),
    );
  }

  async messageStatus(message: string): Promise<DeliveryInfo[]> {
    const agent = this.#agent();
    const rows = await this.#connection.call('message_status', db => db.procedures.messageStatus({ agent, message }));
    return rows.map(({ name, state, attempt, at, reason }) => ({
      agent: name,
      state: state as DeliveryState, // the module knows no other
      attempt,
      at: dateOf(at),
      reason,
    }));
  }

  async broadcastStatus(message: string): Promise<BroadcastInfo> {
    const agent = this.#agent();
    const { recipients, handled, waiting, failed } = await this.#connection.call('broadcast_status', db =>
      db.procedures.broadcastStatus({ agent, message }),
    );
    return { recipients, handled, waiting, failed };
  }

  async reference(message: string, reference: string): Promise<MessageRecord> {
    const agent = this.#agent();
    const text = await this.#connection.call('read_reference', db =>
      db.procedures.readReference({ agent, message, reference }),
    );
    const envelope = parseEnvelope(text);
    if (!envelope) throw new AgoraError('call/failed', `message ${reference} cannot be read`);
    return recordOf(envelope, '');
  }

  async usage(): Promise<AgentUsage> {
    const agent = this.#agent();
    return usageOf(await this.#connection.call('agent_usage', db => db.procedures.agentUsage({ agent })));
  }

  async *#pages(read: (before: bigint) => Promise<HistoryPage>): AsyncIterable<MessageRecord> {
    let before = 0n;
    for (;;) {
      const rows = await read(before);
      for (const { envelope, state } of rows) {
        const parsed = parseEnvelope(envelope);
        if (parsed) yield recordOf(parsed, state);
      }
      const last = rows.at(-1)?.no ?? 1n;
      if (last <= 1n) return;
      before = last;
    }
  }
}

/** A message as it is kept. */
export function recordOf(envelope: Envelope, state: string): MessageRecord {
  const { id, type, from, to, priority, sentAt, inReplyTo, headers, payload } = envelope;
  return {
    id,
    type,
    from,
    to: to.split(' '),
    priority,
    sentAt: dateOf(sentAt),
    inReplyTo,
    headers: headers ?? {},
    payload,
    onBehalfOf: referencesOf(envelope.onBehalfOf),
    forwarded: referencesOf(envelope.forwarded),
    state: state === '' ? undefined : (state as DeliveryState), // the module knows no other
  };
}
