// Messages that the agent sent and received, and their states, read from the hub in pages.

import { LIMITS, type DeliveryState, type Envelope } from '@agora/module/contract';
import type { Connection } from '../connection/connection.ts';
import { parseEnvelope, referencesOf, type MessageReference } from '../wire/envelope.ts';
import { AgoraError } from '../base/errors.ts';
import { usageOf, type AgentUsage } from '../agents/usage.ts';
import { dateOf } from '../base/micros.ts';

/** A stored message. */
export interface MessageRecord {
  readonly id: string;
  readonly type: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly priority: number;
  readonly sentAt: Date;
  readonly inReplyTo: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  /** In a list undefined above 4 KiB; `readReference(id, id)` returns it. */
  readonly payload: unknown;
  readonly onBehalfOf: readonly MessageReference[];
  readonly forwarded: readonly MessageReference[];
  /** Final state for this agent; undefined for a message that it sent. */
  readonly state: DeliveryState | undefined;
}

/** State of a message at one of its recipients. */
export interface DeliveryInfo {
  /** The recipient, or `@capability` while no agent holds it. */
  readonly agent: string;
  readonly state: DeliveryState;
  readonly attempt: number;
  /** Time of its end; until then the end of its lease, or the time when it becomes available. */
  readonly at: Date;
  /** Reason of a failure, a dead letter or a cancellation. */
  readonly reason: string;
}

/** An attempt after which a delivery went back. */
export interface AttemptInfo {
  /** The agent that held it. */
  readonly agent: string;
  readonly attempt: number;
  readonly reason: string;
  readonly at: Date;
}

/** Handling of a broadcast by the first 1,000 agents. */
export interface BroadcastInfo {
  readonly recipients: number;
  readonly handled: readonly string[];
  readonly waiting: readonly string[];
  /** Agents that gave it up after their last attempt. */
  readonly failed: readonly string[];
}

type HistoryPage = readonly { readonly no: bigint; readonly state: string; readonly envelope: string }[];

/** Reads the stored messages of this client's agent. */
export class History {
  readonly #connection: Connection;
  readonly #agent: () => bigint;

  constructor(connection: Connection, agent: () => bigint) {
    this.#connection = connection;
    this.#agent = agent;
  }

  /** Messages that the agent sent, newest first. */
  sent(signal?: AbortSignal): AsyncIterable<MessageRecord> {
    const agent = this.#agent();
    const limit = LIMITS.page;
    return this.#pages(before =>
      this.#connection.call('sent_messages', db => db.procedures.sentMessages({ agent, before, limit }), signal),
    );
  }

  /** Messages that the agent received and that have ended, newest first. */
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

  async messageAttempts(message: string): Promise<AttemptInfo[]> {
    const agent = this.#agent();
    const rows = await this.#connection.call('message_attempts', db =>
      db.procedures.messageAttempts({ agent, message }),
    );
    return rows.map(({ name, attempt, reason, at }) => ({ agent: name, attempt, reason, at: dateOf(at) }));
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

/** Converts an envelope to a stored message. */
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
