// What is offered to this client's agent, row by row as the hub shows it.
//
// I1  A delivery is handed out once an attempt, also when its row is changed, or seen again after a reconnect.
// I2  A row that disappears before it was settled here takes its message back: the signal of its handler is aborted.
// I3  A notice is acknowledged after whoever waits for it was told.

import type { DbConnection } from '@agora/bindings';
import type { Act, Acts, Settled } from './acts.ts';
import type { Connection } from './connection.ts';
import type { Dispatcher } from './dispatcher.ts';
import { DeliveryDuty } from './duty.ts';
import { parseEnvelope, type Envelope } from './envelope.ts';
import { AgoraError, toAgoraError } from './errors.ts';
import { IncomingMessage, type MessageKeeper, type MessageKind } from './incoming-message.ts';
import { LiveQuery, type QueryConnection } from './live-query.ts';

/** A row of the inbox. */
export type InboxRow = Parameters<Parameters<DbConnection['db']['myInbox']['onInsert']>[0]>[1];

/** Word about something that this agent sent: an answer, or what became of it. */
export interface Notice {
  readonly kind: 'answer' | 'timeout' | 'dead' | 'expired';
  /** The id of the message it is about. */
  readonly about: string;
  readonly from: string;
  readonly payload: unknown;
}

/** What the inbox needs of its client. */
export interface InboxParts {
  readonly connection: QueryConnection & Pick<Connection, 'call' | 'state' | 'warn'>;
  readonly acts: Pick<Acts, 'perform'>;
  readonly dispatcher: Dispatcher;
  /** The agent whose rows are wanted: an identity may own more. */
  readonly agent: () => bigint | undefined;
  readonly noticed: (notice: Notice) => void;
}

/** Leases are looked at this often, and renewed when less than half of one is left. */
const RENEW_EVERY_MS = 10_000;
const LEASE_MS = 60_000;

/** Takes in what the hub offers to the agent, renews its leases, and hands it on. */
export class Inbox {
  readonly query: LiveQuery;
  readonly #parts: InboxParts;
  readonly #held = new Map<bigint, HeldDelivery>();
  #renewal: ReturnType<typeof setInterval> | undefined;

  constructor(parts: InboxParts) {
    this.#parts = parts;
    this.query = new LiveQuery(parts.connection, {
      query: 'SELECT * FROM my_inbox',
      listen: db => {
        db.db.myInbox.onInsert((_, row) => this.#offered(row));
        db.db.myInbox.onUpdate((_, old, row) => this.#changed(old, row));
        db.db.myInbox.onDelete((_, row) => this.#gone(row));
      },
      applied: db => this.#compare(db),
    });
  }

  /** Takes back all that is held; the hub offers it again to whoever comes. */
  close(reason: Error): void {
    clearInterval(this.#renewal);
    this.#renewal = undefined;
    for (const held of this.#held.values()) held.message?.lose(reason);
    this.#held.clear();
  }

  #offered(row: InboxRow): void {
    if (row.agent !== this.#parts.agent()) return;
    const known = this.#held.get(row.id);
    if (known?.attempt === row.attempt) return;
    const held = new HeldDelivery(this.#parts, row);
    this.#held.set(row.id, held);
    this.#renewal ??= setInterval(() => this.#renew(), RENEW_EVERY_MS);
    const envelope = parseEnvelope(row.envelope);
    if (!envelope)
      return this.#parts.connection.warn(new AgoraError('call/failed', `delivery ${row.id} cannot be read`));
    if (envelope.payloadBytes === undefined) held.arrived(row, envelope);
    else void this.#fetch(held, row, envelope);
  }

  /** The payload is too long to be shown to everyone who looks at the inbox. */
  async #fetch(held: HeldDelivery, row: InboxRow, envelope: Envelope): Promise<void> {
    try {
      const text = await this.#parts.connection.call('read_payload', db =>
        db.procedures.readPayload({ delivery: row.id }),
      );
      if (this.#held.get(row.id) !== held) return;
      held.arrived(row, { ...envelope, payload: JSON.parse(text) as unknown });
    } catch (error) {
      // Its row is shown again, and its payload asked for again, on the next connection or after its lease.
      if (this.#held.get(row.id) === held) this.#held.delete(row.id);
      this.#parts.connection.warn(toAgoraError(error));
    }
  }

  #changed(old: InboxRow, row: InboxRow): void {
    if (old.attempt === row.attempt) return;
    this.#gone(old);
    this.#offered(row);
  }

  #gone(row: InboxRow): void {
    const held = this.#held.get(row.id);
    if (held?.attempt !== row.attempt) return;
    this.#held.delete(row.id);
    held.lost();
  }

  /** After a reconnect: what is no longer offered was taken back meanwhile. */
  #compare(db: DbConnection): void {
    const offered = new Map<bigint, number>();
    for (const row of db.db.myInbox.iter()) offered.set(row.id, row.attempt);
    for (const [id, held] of [...this.#held]) {
      if (offered.get(id) === held.attempt) continue;
      this.#held.delete(id);
      held.lost();
    }
  }

  #renew(): void {
    const now = performance.now();
    for (const held of this.#held.values()) held.renew(now);
  }
}

/** One offered row, and what has become of it here. */
class HeldDelivery implements MessageKeeper {
  readonly attempt: number;
  readonly #parts: InboxParts;
  readonly #heldSince = performance.now();
  #renewAt = this.#heldSince + LEASE_MS / 2;
  #duty: DeliveryDuty | undefined;
  message: IncomingMessage | undefined;

  constructor(parts: InboxParts, row: InboxRow) {
    this.#parts = parts;
    this.attempt = row.attempt;
  }

  /** Hands the message out, or tells whoever waits for the notice. */
  arrived(row: InboxRow, envelope: Envelope): void {
    const { acts, dispatcher, noticed } = this.#parts;
    this.#duty = new DeliveryDuty(row.id, row.attempt, row.kind);
    if (isDuty(row.kind)) {
      this.message = new IncomingMessage(envelope, row.kind, row.attempt, this.#duty, this);
      return dispatcher.dispatch(this.message);
    }
    const about = envelope.inReplyTo ?? row.message;
    if (isNotice(row.kind)) noticed({ kind: row.kind, about, from: envelope.from, payload: envelope.payload });
    acts.perform(this.#duty.acknowledge(), undefined, { kept: true });
  }

  /** Its row is gone. */
  lost(): void {
    // Mostly it was settled here, and this is the echo.
    if (!this.message?.isOpen) return;
    this.#parts.dispatcher.forget(this.message);
    this.message.lose(new AgoraError('delivery/stale-attempt', 'the hub took it back'));
  }

  /** Renews the lease when it is due: while somebody here has it, or nobody listens at all yet. */
  renew(now: number): void {
    const { message } = this;
    const { acts, connection, dispatcher } = this.#parts;
    if (!message?.isOpen || now < this.#renewAt) return;
    if (dispatcher.isUnclaimed(message)) {
      if (dispatcher.hasConsumers) return;
    } else if (now - this.#heldSince > connection.settings.handlerTimeoutMs) return;
    const act = this.#duty?.extend(LEASE_MS);
    this.#renewAt = now + LEASE_MS / 2;
    if (act) acts.perform(act, undefined);
  }

  perform(act: Act, settled: Settled | undefined, options: { readonly kept: boolean }): void {
    this.#parts.acts.perform(act, settled, options);
  }

  settled(message: IncomingMessage): void {
    this.#parts.dispatcher.forget(message);
  }

  refused(message: IncomingMessage, error: AgoraError): void {
    const { acts, connection } = this.#parts;
    if (connection.state === 'closed') return;
    connection.warn(
      new AgoraError(error.code, `message ${message.id} could not be settled: ${error.message}`, { cause: error }),
    );
    // What it ended with is of no use to the hub, so its attempt has failed, and would fail again.
    const act =
      error.code.startsWith('delivery/') && error.code !== 'delivery/bad-answer'
        ? undefined
        : this.#duty?.fail(error.message, false);
    if (act) acts.perform(act, undefined, { kept: true });
  }

  /** The hub keeps account of every delivery's failures. */
  failedHere(): void {
    throw new Error('a delivery fails at the hub');
  }

  extended(_message: IncomingMessage, ms: number): void {
    this.#renewAt = performance.now() + ms / 2;
  }
}

function isDuty(kind: string): kind is Exclude<MessageKind, 'broadcast'> {
  return kind === 'message' || kind === 'ask' || kind === 'task';
}

function isNotice(kind: string): kind is Notice['kind'] {
  return kind === 'answer' || kind === 'timeout' || kind === 'dead' || kind === 'expired';
}
