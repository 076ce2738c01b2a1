// What is said to everyone: one feed that all follow, and behind it the number up to which this agent has handled it.
//
// I1  Every broadcast after the agent's cursor is handed out at least once, also when the agent was away.
// I2  It is acknowledged once its handler has returned, or if nobody here wants it. A failure is told to the hub, which
//     counts them; until it has given the broadcast up, it is handed out again after a while.
// I3  What waited in the hub's log is handed out page by page, the highest priority of a page first.

import type { DbConnection } from '@agora/bindings';
import { LIMITS } from '@agora/module/contract';
import type { Act, Acts, Settled } from '../acts/acts.ts';
import { backoffMs } from '../base/backoff.ts';
import type { Connection } from '../connection/connection.ts';
import { BroadcastSettlement } from '../acts/settlement.ts';
import { parseEnvelope } from '../wire/envelope.ts';
import { AgoraError, ConnectionError, toAgoraError } from '../base/errors.ts';
import { FeedReader, type FeedPage } from '../connection/feed-reader.ts';
import { LiveQuery } from '../connection/live-query.ts';
import { IncomingMessage, type MessageKeeper } from './incoming-message.ts';
import type { Dispatcher } from './dispatcher.ts';

type LiveRow = Parameters<Parameters<DbConnection['db']['broadcastFeed']['onInsert']>[0]>[1];
/** `failures`: how often this agent has failed it before. */
type Row = LiveRow & { readonly failures?: number };

/** What broadcasts need of their client. */
export interface BroadcastParts {
  readonly connection: Connection;
  readonly acts: Acts;
  readonly dispatcher: Dispatcher;
  /** Something was said to everyone. */
  readonly said: () => void;
}

/** Handed out and not settled yet, at most; what comes meanwhile waits in the hub's log. */
const MAX_OPEN = 256;

/** Hands out what is said to everyone, and tells the hub how far this agent has come. */
export class Broadcasts {
  readonly #parts: BroadcastParts;
  readonly #query: LiveQuery;
  readonly #open = new Set<IncomingMessage>();
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  #reader: FeedReader<Row> | undefined;
  #room: (() => void) | undefined;
  #hasWarned = false;

  constructor(parts: BroadcastParts) {
    this.#parts = parts;
    this.#query = new LiveQuery(parts.connection, {
      query: 'SELECT * FROM broadcast_feed',
      listen: db =>
        db.db.broadcastFeed.onInsert((_, row) => {
          this.#reader?.push(row);
          parts.said();
        }),
      applied: () => this.#reader?.markBehind(),
    });
  }

  /** The number of the newest broadcast that was seen. */
  get last(): bigint {
    return this.#reader?.position ?? 0n;
  }

  /** Begins to hand out what `agent` has not handled, if that was not begun yet. */
  async listen(agent: bigint): Promise<void> {
    if (this.#reader) return;
    const reader = new FeedReader<Row>(after => this.#readPage(agent, after), 0n, { isBehind: true });
    this.#reader = reader;
    await this.#query.open();
    void this.#handOut(reader, agent);
  }

  /** Hands out no more. */
  close(reason: Error): void {
    this.#reader?.close();
    this.#reader = undefined;
    for (const timer of this.#retries) clearTimeout(timer);
    this.#retries.clear();
    for (const message of this.#open) message.lose(reason);
    this.#open.clear();
    this.#room?.();
  }

  async #handOut(reader: FeedReader<Row>, agent: bigint): Promise<void> {
    const { connection } = this.#parts;
    while (this.#reader === reader) {
      try {
        for (const row of await reader.read()) {
          // The hub counts a broadcast as handled by its sender.
          if (row.sender !== agent) this.#dispatch(row, agent, (row.failures ?? 0) + 1);
          if (this.#open.size >= MAX_OPEN) await new Promise<void>(resolve => (this.#room = resolve));
        }
      } catch (error) {
        if (connection.state === 'closed' || this.#reader !== reader) return;
        // Lost: it goes on when the connection is back. Anything else would be the same again.
        if (!(error instanceof ConnectionError)) {
          connection.warn(toAgoraError(error));
          return;
        }
      }
    }
  }

  async #readPage(agent: bigint, after: bigint): Promise<FeedPage<Row>> {
    const limit = LIMITS.page;
    const page = await this.#parts.connection.call('read_broadcasts', db =>
      db.procedures.readBroadcasts({ agent, after, limit }),
    );
    if (page.first > page.cursor + 1n) this.#warnOfLoss(page.first - page.cursor - 1n);
    const from = [after, page.cursor, page.first - 1n].reduce((most, each) => (each > most ? each : most));
    const end = from + BigInt(limit);
    const rows = [...page.rows].sort((a, b) => b.priority - a.priority || (a.seq < b.seq ? -1 : 1));
    return { rows, through: end < page.head ? end : page.head, last: page.head };
  }

  #warnOfLoss(count: bigint): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const sentence = `${count} broadcasts were no longer kept when this agent came to hear them`;
    this.#parts.connection.warn(new AgoraError('broadcast/expired', sentence));
  }

  #dispatch(row: Row, agent: bigint, attempt: number): void {
    const { dispatcher, connection, acts } = this.#parts;
    const duty = new BroadcastSettlement(agent, row.seq, attempt);
    // Its time to live is over: only its place is left.
    if (row.envelope === '') return acts.perform(duty.acknowledge(), undefined, { kept: true });
    const envelope = parseEnvelope(row.envelope);
    if (!envelope || envelope.payloadBytes !== undefined) {
      connection.warn(new AgoraError('call/failed', `broadcast ${row.seq} cannot be read`));
      return;
    }
    const keeper = new BroadcastKeeper(this.#parts, this, { row, agent, attempt });
    const message = new IncomingMessage(envelope, 'broadcast', attempt, duty, keeper);
    this.#open.add(message);
    dispatcher.dispatch(message);
  }

  /** A broadcast is settled, or given up for now. */
  ended(message: IncomingMessage): void {
    this.#open.delete(message);
    const room = this.#room;
    if (!room || this.#open.size >= MAX_OPEN) return;
    this.#room = undefined;
    room();
  }

  /** Hands a broadcast out again after a while. */
  retry({ row, agent, attempt }: Handed): void {
    const timer = setTimeout(
      () => {
        this.#retries.delete(timer);
        this.#dispatch(row, agent, attempt + 1);
      },
      backoffMs(attempt + 1),
    );
    this.#retries.add(timer);
  }
}

interface Handed {
  readonly row: Row;
  readonly agent: bigint;
  readonly attempt: number;
}

class BroadcastKeeper implements MessageKeeper {
  readonly #parts: BroadcastParts;
  readonly #broadcasts: Broadcasts;
  readonly #handed: Handed;

  constructor(parts: BroadcastParts, broadcasts: Broadcasts, handed: Handed) {
    this.#parts = parts;
    this.#broadcasts = broadcasts;
    this.#handed = handed;
  }

  perform(act: Act, settled: Settled | undefined, options: { readonly kept: boolean }): void {
    const isRetried = act.tag === 'FailBroadcast' && act.value.retry && act.value.attempt < LIMITS.attempts;
    this.#parts.acts.perform(
      act,
      error => {
        if (!error && isRetried) this.#broadcasts.retry(this.#handed);
        settled?.(error);
      },
      options,
    );
  }

  settled(message: IncomingMessage): void {
    this.#parts.dispatcher.forget(message);
    this.#broadcasts.ended(message);
  }

  refused(message: IncomingMessage, error: AgoraError): void {
    const { connection } = this.#parts;
    if (connection.state === 'closed') return;
    connection.warn(
      new AgoraError(error.code, `broadcast ${message.id} could not be settled: ${error.message}`, {
        cause: error,
      }),
    );
  }

  extended(): void {
    // A broadcast has no lease.
  }
}
