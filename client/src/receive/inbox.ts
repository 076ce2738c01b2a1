// Inbox of the client's agent: rows of the hub become messages, notices and progress signals.
//
// I1  A delivery is dispatched once per attempt, also if its row changes or appears again after a reconnect.
// I2  A row that disappears before its settlement takes its message back: the signal of its handler aborts.
// I3  A finished handler does not run again. If the hub took the delivery back before the result arrived (the agent was away
//     for longer than the grace period) and offers it here again, the client sends the same result for the new attempt.
// I4  A notice is acknowledged after its receiver was called. A progress signal is not: its row belongs to the ask.

import type { DbConnection } from '@agora/bindings';
import {
  isDuty,
  isNotice,
  LIMITS,
  SIGN,
  type EndPayload,
  type NoticeKind,
  type ProgressPayload,
  type Envelope,
} from '@agora/module/contract';
import type { Act, Acts, Settled } from '../acts/acts.ts';
import type { Connection } from '../connection/connection.ts';
import { DeliverySettlement } from '../acts/settlement.ts';
import { parseEnvelope } from '../wire/envelope.ts';
import { AgoraError, toAgoraError } from '../base/errors.ts';
import { isObject } from '../base/is-object.ts';
import { LiveQuery, type QueryConnection } from '../connection/live-query.ts';
import { traceIn, type TraceContext } from '../base/trace-context.ts';
import { dateOf } from '../base/micros.ts';
import { IncomingMessage, type MessageKeeper, type SettleOptions } from './incoming-message.ts';
import { Arrivals } from './arrivals.ts';
import type { Dispatcher } from './dispatcher.ts';

/** A row of the inbox. */
export type InboxRow = Parameters<Parameters<DbConnection['db']['myInbox']['onInsert']>[0]>[1];

/** Notice about a message that this agent sent, its answer or its end; or about a claim, its grant or its end. */
export interface Notice {
  readonly kind: Exclude<NoticeKind, 'cancelled' | 'progress'>;
  /** Id of that message, or of the claim. */
  readonly about: string;
  readonly from: string;
  readonly payload: unknown;
  /** Number of progress signals of the ask, in an answer after some. */
  readonly signals?: number | undefined;
  /** Trace context of the ask, in an answer. */
  readonly trace?: TraceContext | undefined;
}

/** Progress signal of an ask of this agent. */
export interface Signal {
  /** Id of the ask. */
  readonly about: string;
  /** Counts up from 1 per ask. */
  readonly seq: number;
  readonly data: unknown;
  readonly at: Date;
}

/** The parts of the client that the inbox needs. */
export interface InboxParts {
  readonly connection: QueryConnection & Pick<Connection, 'call' | 'state' | 'warn'>;
  readonly acts: Pick<Acts, 'perform'>;
  readonly dispatcher: Dispatcher;
  /** The agent of this client; an identity may own more agents. */
  readonly agent: () => bigint | undefined;
  /** True if this client takes deliveries; else only notices about its own asks, since another process serves the agent. */
  readonly receives: () => boolean;
  readonly isAsked: (about: string) => boolean;
  /** Called for a notice. Returns true if the notice is handled and leaves the inbox. */
  readonly noticed: (notice: Notice) => boolean;
  readonly signalled: (signal: Signal) => void;
  /** Called when the hub has shown a new row. */
  readonly shown: () => void;
}

/** Interval of lease checks; a lease is renewed when less than half of it is left. */
const RENEW_EVERY_MS = 10_000;
/** More than an agent can hold. */
const MAX_FINISHED = 512;

/** Dispatches offered deliveries, renews their leases, and reports notices. */
export class Inbox {
  readonly query: LiveQuery;
  readonly #parts: HeldParts;
  readonly #held = new Map<bigint, HeldDelivery>();
  readonly #arrivals = new Arrivals();
  /** Results that the hub refused because it had taken the delivery back (I3). */
  readonly #finished = new Map<bigint, FinalAct>();
  #renewal: ReturnType<typeof setInterval> | undefined;
  /** Acts that acknowledge notices which stay in the inbox. */
  readonly #kept = new WeakMap<Notice, Act>();
  #lastOffer = 0n;

  constructor(parts: InboxParts) {
    this.#parts = {
      ...parts,
      finished: ending => this.#finish(ending),
      kept: (notice, acknowledge) => void this.#kept.set(notice, acknowledge),
    };
    this.query = new LiveQuery(parts.connection, {
      query: 'SELECT * FROM my_inbox',
      listen: db => {
        db.db.myInbox.onInsert((_, row) => this.#offered(row));
        db.db.myInbox.onUpdate((_, old, row) => this.#changed(old, row));
        db.db.myInbox.onDelete((_, row) => this.#removed(row));
      },
      applied: db => this.#compare(db),
    });
  }

  /** Number of the newest offer; the hub counts up with each row that it shows to the agent. */
  get lastOffer(): bigint {
    return this.#lastOffer;
  }

  /** The deliveries that this client holds, with their attempts. */
  *held(): Generator<{ readonly delivery: bigint; readonly attempt: number }> {
    // A notice has no attempt.
    for (const [delivery, { attempt }] of this.#held) if (attempt > 0) yield { delivery, attempt };
  }

  /** Dispatches the rows that appeared while this client did not take deliveries. */
  review(db: DbConnection): void {
    for (const row of [...db.db.myInbox.iter()]) this.#offered(row);
  }

  /** Releases all held deliveries; the hub offers them again. */
  close(reason: Error): void {
    clearInterval(this.#renewal);
    this.#renewal = undefined;
    for (const held of this.#held.values()) held.message?.lose(reason);
    this.#held.clear();
    this.#arrivals.clear();
  }

  /** Acknowledges a notice that stays in the inbox; a no-op for any other. */
  acknowledge(notice: Notice): Promise<void> {
    const act = this.#kept.get(notice);
    if (!act) return Promise.resolve();
    this.#kept.delete(notice);
    return new Promise((resolve, reject) => {
      this.#parts.acts.perform(act, error => (error ? reject(error) : resolve()), { kept: true });
    });
  }

  #offered(row: InboxRow): void {
    if (row.agent !== this.#parts.agent()) return;
    this.#see(row);
    if (row.kind === 'progress') return this.#signalled(row);
    if (!this.#parts.receives() && !this.#isAwaited(row)) return;
    const known = this.#held.get(row.id);
    if (known?.attempt === row.attempt) return;
    const held = new HeldDelivery(this.#parts, row);
    this.#held.set(row.id, held);
    const ending = this.#finished.size > 0 ? this.#finished.get(row.id) : undefined;
    if (ending && isDuty(row.kind)) {
      this.#finished.delete(row.id);
      if (ending.value.attempt < row.attempt) return held.end(ending);
    }
    this.#renewal ??= setInterval(() => this.#renew(), RENEW_EVERY_MS);
    const envelope = parseEnvelope(row.envelope);
    if (!envelope)
      return this.#parts.connection.warn(new AgoraError('call/failed', `delivery ${row.id} cannot be read`));
    const isInline = envelope.payloadBytes === undefined;
    if (!isDuty(row.kind)) {
      if (isInline) held.arrived(row, envelope);
      else void this.#fetch(row, envelope).then(whole => whole && this.#pass(held, row, whole));
      return;
    }
    if (isInline) {
      const pass = () => this.#pass(held, row, envelope);
      return this.#arrivals.add({ priority: envelope.priority, seq: row.seq, pass }, undefined);
    }
    let whole: Envelope | undefined;
    // A message that is taken back delays the others no longer.
    const reading = Promise.race([this.#fetch(row, envelope).then(read => (whole = read)), held.taken]);
    const pass = () => {
      if (whole) this.#pass(held, row, whole);
      // The row appears again on the next connection or after its lease, and then its payload is read again.
      else if (this.#held.get(row.id) === held) this.#held.delete(row.id);
    };
    this.#parts.dispatcher.await(reading);
    this.#arrivals.add({ priority: envelope.priority, seq: row.seq, pass }, reading);
  }

  #pass(held: HeldDelivery, row: InboxRow, envelope: Envelope): void {
    if (this.#held.get(row.id) === held) held.arrived(row, envelope);
  }

  #isAwaited(row: InboxRow): boolean {
    return isAboutSent(row.kind) && this.#parts.isAsked(parseEnvelope(row.envelope)?.inReplyTo ?? row.message);
  }

  /** Reads a payload that is too long for the inbox row. Returns undefined, with a warning, if it cannot. */
  async #fetch(row: InboxRow, envelope: Envelope): Promise<Envelope | undefined> {
    try {
      const text = await this.#parts.connection.call('read_payload', db =>
        db.procedures.readPayload({ delivery: row.id }),
      );
      return { ...envelope, payload: JSON.parse(text) as unknown };
    } catch (error) {
      this.#parts.connection.warn(toAgoraError(error));
      return undefined;
    }
  }

  #changed(old: InboxRow, row: InboxRow): void {
    if (row.kind !== 'progress') {
      if (old.attempt === row.attempt) return;
      this.#removed(old, row);
    }
    this.#offered(row);
  }

  /** A row was removed, or replaced by \`now\`. */
  #removed(row: InboxRow, now?: InboxRow): void {
    const held = this.#held.get(row.id);
    if (held?.attempt !== row.attempt) return;
    this.#held.delete(row.id);
    held.lost(now);
  }

  #see(row: InboxRow): void {
    if (row.seq <= this.#lastOffer) return;
    this.#lastOffer = row.seq;
    this.#parts.shown();
  }

  #signalled(row: InboxRow): void {
    const envelope = parseEnvelope(row.envelope);
    const payload = envelope?.payload;
    if (!envelope || !isObject(payload)) return;
    const { seq, data } = payload as unknown as ProgressPayload; // the hub writes the payload of every notice
    const at = dateOf(envelope.sentAt);
    this.#parts.signalled({ about: row.message, seq, data, at });
  }

  /** Compares held deliveries with the rows after a reconnect: those without a row were taken back. */
  #compare(db: DbConnection): void {
    const offered = new Map<bigint, InboxRow>();
    for (const row of db.db.myInbox.iter()) offered.set(row.id, row);
    for (const [id, held] of [...this.#held]) {
      const row = offered.get(id);
      if (row?.attempt === held.attempt) continue;
      this.#held.delete(id);
      if (held.ending) this.#finish(held.ending);
      held.lost(row);
    }
  }

  #finish(ending: FinalAct): void {
    this.#finished.set(ending.value.delivery, ending);
    if (this.#finished.size <= MAX_FINISHED) return;
    const [oldest] = this.#finished.keys();
    if (oldest !== undefined) this.#finished.delete(oldest);
  }

  #renew(): void {
    const now = performance.now();
    for (const held of this.#held.values()) held.renew(now);
  }
}

interface HeldParts extends InboxParts {
  /** Called for a notice that stays in the inbox, with the act that acknowledges it. */
  readonly kept: (notice: Notice, acknowledge: Act) => void;
  /** The hub refused this result, since it had taken the delivery back. */
  readonly finished: (ending: FinalAct) => void;
}

/** An act that finishes a delivery permanently. */
type FinalAct = Extract<Act, { tag: 'Acknowledge' | 'Respond' | 'FinishStep' | 'Fail' | 'FailStep' }>;

function isFinalAct(act: Act): act is FinalAct {
  switch (act.tag) {
    case 'Acknowledge':
    case 'Respond':
    case 'FinishStep':
      return true;
    case 'Fail':
    case 'FailStep':
      return !act.value.retry;
    default:
      return false;
  }
}

/** Returns the same act for another attempt. */
function againOf(ending: FinalAct, attempt: number): FinalAct {
  return { ...ending, value: { ...ending.value, attempt } } as FinalAct; // of the same kind
}

/** One offered row and its state in this client. */
class HeldDelivery implements MessageKeeper {
  readonly attempt: number;
  readonly #parts: HeldParts;
  readonly #heldSince = performance.now();
  #renewAt = this.#heldSince + LIMITS.leaseMs / 2;
  #settlement: DeliverySettlement | undefined;
  message: IncomingMessage | undefined;
  /** The final act of its handler. */
  ending: FinalAct | undefined;
  #take: (() => void) | undefined;

  constructor(parts: HeldParts, row: InboxRow) {
    this.#parts = parts;
    this.attempt = row.attempt;
  }

  /** Sends the result of an earlier attempt again. */
  end(earlier: FinalAct): void {
    const ending = againOf(earlier, this.attempt);
    this.ending = ending;
    this.#parts.acts.perform(
      ending,
      error => {
        if (error?.code === 'delivery/stale-attempt') this.#parts.finished(ending);
      },
      { kept: true },
    );
  }

  /** Dispatches the message, or reports the notice. */
  arrived(row: InboxRow, envelope: Envelope): void {
    const { acts, dispatcher, noticed } = this.#parts;
    this.#settlement = new DeliverySettlement(row.id, row.attempt, row.kind);
    if (isDuty(row.kind)) {
      this.message = new IncomingMessage(envelope, row.kind, row.attempt, this.#settlement, this);
      return dispatcher.dispatch(this.message);
    }
    const about = envelope.inReplyTo ?? row.message;
    if (isAboutSent(row.kind)) {
      const { from, payload, headers } = envelope;
      const trace = headers && { trace: traceIn(headers) };
      const { signals } = envelope;
      const notice: Notice = { kind: row.kind, about, from, payload, ...(signals && { signals }), ...trace };
      if (!noticed(notice)) return this.#parts.kept(notice, this.#settlement.acknowledge());
    }
    acts.perform(this.#settlement.acknowledge(), undefined, { kept: true });
  }

  /** Settles once its row was removed. */
  get taken(): Promise<void> {
    return new Promise(resolve => (this.#take = resolve));
  }

  /** Its row was removed. */
  lost(now: InboxRow | undefined): void {
    this.#take?.();
    // Usually the row was removed because this client settled it.
    if (!this.message?.isOpen) return;
    this.message.lose(reasonOfLoss(now));
    this.#parts.dispatcher.forget(this.message);
  }

  /** Renews the lease when due: while a handler has the message, or while the agent has no consumer yet. */
  renew(now: number): void {
    const { message } = this;
    const { acts, connection, dispatcher } = this.#parts;
    if (!message?.isOpen || now < this.#renewAt) return;
    if (dispatcher.isUnclaimed(message)) {
      if (dispatcher.hasConsumers && !dispatcher.keepsMail) return;
    } else if (now - this.#heldSince > connection.settings.handlerTimeoutMs) return;
    const act = this.#settlement?.extend(LIMITS.leaseMs);
    this.#renewAt = now + LIMITS.leaseMs / 2;
    if (act) acts.perform(act, undefined);
  }

  perform(act: Act, settled: Settled | undefined, options: SettleOptions): void {
    // A caller that awaits the settlement handles its refusal itself. A fenced result does not count for a later attempt.
    if (!options.isAwaited && !options.fence && isFinalAct(act)) this.ending = act;
    this.#parts.acts.perform(act, settled, options);
  }

  settled(message: IncomingMessage): void {
    this.#parts.dispatcher.forget(message);
  }

  refused(message: IncomingMessage, error: AgoraError): void {
    const { acts, connection } = this.#parts;
    if (connection.state === 'closed') return;
    if (error.code === 'delivery/stale-attempt' && this.ending) {
      this.#parts.finished(this.ending);
      // A repeated offer to this agent gets the same result. A work queue may offer it to another agent, which repeats it.
      if (!message.to[0]?.startsWith(SIGN.capability)) return;
    }
    connection.warn(
      new AgoraError(error.code, `message ${message.id} could not be settled: ${error.message}`, { cause: error }),
    );
    // The hub does not accept this result, so the attempt has failed. A repetition would fail as well, unless it has the claim.
    const act =
      error.code.startsWith('delivery/') && error.code !== 'delivery/bad-answer'
        ? undefined
        : this.#settlement?.fail(error.message, error.code === 'claim/outdated');
    if (act) acts.perform(act, undefined, { kept: true });
  }

  warn(error: AgoraError): void {
    this.#parts.connection.warn(error);
  }

  extended(_message: IncomingMessage, ms: number): void {
    this.#renewAt = performance.now() + ms / 2;
  }
}

/** Returns why a delivery is no longer held, by its present row. */
function reasonOfLoss(row: InboxRow | undefined): AgoraError {
  if (row?.kind !== 'cancelled') return new AgoraError('delivery/stale-attempt', 'the hub took the delivery back');
  const payload = parseEnvelope(row.envelope)?.payload;
  const { reason = '' }: Partial<EndPayload> = isObject(payload) ? payload : {}; // the hub writes it
  const why = reason === '' ? '' : `: ${reason}`;
  return new AgoraError('delivery/cancelled', `the sender cancelled the message${why}`);
}

/** Returns true for a notice about a message that this agent sent. */
function isAboutSent(kind: string): kind is Notice['kind'] {
  return isNotice(kind) && kind !== 'cancelled' && kind !== 'progress';
}
