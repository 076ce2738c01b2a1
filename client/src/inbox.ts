// What is offered to this client's agent, row by row as the hub shows it.
//
// I1  A delivery is handed out once an attempt, also when its row is changed, or seen again after a reconnect.
// I2  A row that disappears before it was settled here takes its message back: the signal of its handler is aborted.
// I3  A handler that has come to its end is not run again: if the hub took the delivery back before it heard of that (the agent
//     was away for longer than the grace period), and offers it again here, it is told the same end for the new attempt.
// I4  A notice is acknowledged after whoever waits for it was told. (A signal of progress is not: its row is the ask's.)

import type { DbConnection } from '@agora/bindings';
import type { Act, Acts, Settled } from './acts.ts';
import type { Connection } from './connection.ts';
import type { Dispatcher } from './dispatcher.ts';
import { DeliveryDuty } from './duty.ts';
import { parseEnvelope, type Envelope } from './envelope.ts';
import { AgoraError, toAgoraError } from './errors.ts';
import { IncomingMessage, type MessageKeeper, type MessageKind } from './incoming-message.ts';
import { isObject } from './json.ts';
import { LiveQuery, type QueryConnection } from './live-query.ts';
import { traceIn, type TraceContext } from './trace-context.ts';

/** A row of the inbox. */
export type InboxRow = Parameters<Parameters<DbConnection['db']['myInbox']['onInsert']>[0]>[1];

/** Word about something that this agent sent: an answer, or what became of it. */
export interface Notice {
  readonly kind: 'answer' | 'timeout' | 'dead' | 'expired';
  /** The id of the message it is about. */
  readonly about: string;
  readonly from: string;
  readonly payload: unknown;
  /** The trace that the question of an answer was sent in. */
  readonly trace?: TraceContext | undefined;
}

/** How far a question of this agent is. */
export interface Signal {
  /** The id of the question. */
  readonly about: string;
  /** Counts up from 1 a question. */
  readonly seq: number;
  readonly data: unknown;
  readonly at: Date;
}

/** What the inbox needs of its client. */
export interface InboxParts {
  readonly connection: QueryConnection & Pick<Connection, 'call' | 'state' | 'warn'>;
  readonly acts: Pick<Acts, 'perform'>;
  readonly dispatcher: Dispatcher;
  /** The agent whose rows are wanted: an identity may own more. */
  readonly agent: () => bigint | undefined;
  /** Whether duties are taken here; else only word about what was asked from here, since another process has the rest. */
  readonly receives: () => boolean;
  readonly isAsked: (about: string) => boolean;
  /** Tells of a notice; returns whether it has been heard, so that it leaves the inbox. */
  readonly noticed: (notice: Notice) => boolean;
  readonly signalled: (signal: Signal) => void;
  /** Something new was shown to the agent, whatever it is. */
  readonly shown: () => void;
}

/** Leases are looked at this often, and renewed when less than half of one is left. */
const RENEW_EVERY_MS = 10_000;
const LEASE_MS = 60_000;
/** More than an agent may hold. */
const MAX_FINISHED = 512;

/** Takes in what the hub offers to the agent, renews its leases, and hands it on. */
export class Inbox {
  readonly query: LiveQuery;
  readonly #parts: HeldParts;
  readonly #held = new Map<bigint, HeldDelivery>();
  /** What has ended here, and may have been taken back before the hub heard of it. */
  readonly #finished = new Map<bigint, Ending>();
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
        db.db.myInbox.onDelete((_, row) => this.#gone(row));
      },
      applied: db => this.#compare(db),
    });
  }

  /** The number of the newest offer that was seen: a new one each time something is shown to the agent. */
  get lastOffer(): bigint {
    return this.#lastOffer;
  }

  /** Takes in what was shown while duties were not taken here. */
  review(db: DbConnection): void {
    for (const row of [...db.db.myInbox.iter()]) this.#offered(row);
  }

  /** Takes back all that is held; the hub offers it again to whoever comes. */
  close(reason: Error): void {
    clearInterval(this.#renewal);
    this.#renewal = undefined;
    for (const held of this.#held.values()) held.message?.lose(reason);
    this.#held.clear();
  }

  /** Acknowledges a notice that stayed in the inbox. */
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
    if (envelope.payloadBytes === undefined) held.arrived(row, envelope);
    else void this.#fetch(held, row, envelope);
  }

  #isAwaited(row: InboxRow): boolean {
    return isNotice(row.kind) && this.#parts.isAsked(parseEnvelope(row.envelope)?.inReplyTo ?? row.message);
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
    if (row.kind !== 'progress') {
      if (old.attempt === row.attempt) return;
      this.#gone(old, row);
    }
    this.#offered(row);
  }

  /** A row is gone, or is another now. */
  #gone(row: InboxRow, now?: InboxRow): void {
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
    const at = new Date(envelope.sentAt / 1000);
    this.#parts.signalled({ about: row.message, seq: Number(payload['seq']), data: payload['data'], at });
  }

  /** After a reconnect: what is no longer offered was taken back meanwhile. */
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

  #finish(ending: Ending): void {
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
  /** A notice that stays in the inbox, and the act that acknowledges it. */
  readonly kept: (notice: Notice, acknowledge: Act) => void;
  /** The hub did not take this end: it had taken the delivery back. */
  readonly finished: (ending: Ending) => void;
}

/** An act that ends a delivery for good. */
type Ending = Extract<Act, { tag: 'Acknowledge' | 'Respond' | 'FinishStep' | 'Fail' | 'FailStep' }>;

function isEnding(act: Act): act is Ending {
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

/** The same end for another attempt. */
function againOf(ending: Ending, attempt: number): Ending {
  return { ...ending, value: { ...ending.value, attempt } } as Ending; // of the same kind
}

/** One offered row, and what has become of it here. */
class HeldDelivery implements MessageKeeper {
  readonly attempt: number;
  readonly #parts: HeldParts;
  readonly #heldSince = performance.now();
  #renewAt = this.#heldSince + LEASE_MS / 2;
  #duty: DeliveryDuty | undefined;
  message: IncomingMessage | undefined;
  /** How its handler has ended, for good. */
  ending: Ending | undefined;

  constructor(parts: HeldParts, row: InboxRow) {
    this.#parts = parts;
    this.attempt = row.attempt;
  }

  /** Ends it as its handler has ended an earlier attempt. */
  end(earlier: Ending): void {
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

  /** Hands the message out, or tells whoever waits for the notice. */
  arrived(row: InboxRow, envelope: Envelope): void {
    const { acts, dispatcher, noticed } = this.#parts;
    this.#duty = new DeliveryDuty(row.id, row.attempt, row.kind);
    if (isDuty(row.kind)) {
      this.message = new IncomingMessage(envelope, row.kind, row.attempt, this.#duty, this);
      return dispatcher.dispatch(this.message);
    }
    const about = envelope.inReplyTo ?? row.message;
    if (isNotice(row.kind)) {
      const { from, payload, headers } = envelope;
      const trace = headers && { trace: traceIn(headers) };
      const notice: Notice = { kind: row.kind, about, from, payload, ...trace };
      if (!noticed(notice)) return this.#parts.kept(notice, this.#duty.acknowledge());
    }
    acts.perform(this.#duty.acknowledge(), undefined, { kept: true });
  }

  /** Its row is gone. */
  lost(now: InboxRow | undefined): void {
    // Mostly it was settled here, and this is the echo.
    if (!this.message?.isOpen) return;
    this.message.lose(reasonOfLoss(now));
    this.#parts.dispatcher.forget(this.message);
  }

  /** Renews the lease when it is due: while somebody here has it, or nobody listens at all yet. */
  renew(now: number): void {
    const { message } = this;
    const { acts, connection, dispatcher } = this.#parts;
    if (!message?.isOpen || now < this.#renewAt) return;
    if (dispatcher.isUnclaimed(message)) {
      if (dispatcher.hasConsumers && !dispatcher.keepsMail) return;
    } else if (now - this.#heldSince > connection.settings.handlerTimeoutMs) return;
    const act = this.#duty?.extend(LEASE_MS);
    this.#renewAt = now + LEASE_MS / 2;
    if (act) acts.perform(act, undefined);
  }

  perform(
    act: Act,
    settled: Settled | undefined,
    options: { readonly kept: boolean; readonly isAwaited: boolean },
  ): void {
    // Whoever awaits it decides what comes of a refusal.
    if (!options.isAwaited && isEnding(act)) this.ending = act;
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
      // What comes back to this agent is ended the same way; another one of a work queue does it a second time.
      if (!message.to[0]?.startsWith('@')) return;
    }
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

  extended(_message: IncomingMessage, ms: number): void {
    this.#renewAt = performance.now() + ms / 2;
  }
}

/** Why a delivery is no longer held, by what its row is now. */
function reasonOfLoss(row: InboxRow | undefined): AgoraError {
  if (row?.kind !== 'cancelled') return new AgoraError('delivery/stale-attempt', 'the hub took it back');
  const payload = parseEnvelope(row.envelope)?.payload;
  const reason = isObject(payload) ? payload['reason'] : undefined;
  const why = typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
  return new AgoraError('delivery/cancelled', `its sender has cancelled it${why}`);
}

function isDuty(kind: string): kind is Exclude<MessageKind, 'broadcast'> {
  return kind === 'message' || kind === 'ask' || kind === 'task';
}

function isNotice(kind: string): kind is Notice['kind'] {
  return kind === 'answer' || kind === 'timeout' || kind === 'dead' || kind === 'expired';
}
