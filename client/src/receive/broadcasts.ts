// Broadcasts: one feed for all agents, and a cursor per agent up to which it has handled the feed.
//
// I1  Every broadcast after the agent's cursor is dispatched at least once, also after an absence.
// I2  It is acknowledged after its handler has returned, or if no subscription accepts it. The hub counts failures; until it
//     gives the broadcast up, the client dispatches it again after a backoff.
// I3  A backlog in the hub's log is dispatched page by page, each page by priority.

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
/** `failures`: earlier failures of this agent. */
type Row = LiveRow & { readonly failures?: number };

/** The parts of the client that broadcasts need. */
export interface BroadcastParts {
  readonly connection: Connection;
  readonly acts: Acts;
  readonly dispatcher: Dispatcher;
  /** Called for each new broadcast. */
  readonly arrived: () => void;
}

/** The most dispatched and unsettled broadcasts; further ones wait in the hub's log. */
const MAX_OPEN = 256;

/** Dispatches broadcasts and acknowledges them. */
export class Broadcasts {
  readonly #parts: BroadcastParts;
  readonly #query: LiveQuery;
  readonly #open = new Set<IncomingMessage>();
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  #reader: FeedReader<Row> | undefined;
  #resume: (() => void) | undefined;
  #hasWarned = false;

  constructor(parts: BroadcastParts) {
    this.#parts = parts;
    this.#query = new LiveQuery(parts.connection, {
      query: 'SELECT * FROM broadcast_feed',
      listen: db =>
        db.db.broadcastFeed.onInsert((_, row) => {
          this.#reader?.push(row);
          parts.arrived();
        }),
      applied: () => this.#reader?.markBehind(),
    });
  }

  /** Number of the newest received broadcast. */
  get last(): bigint {
    return this.#reader?.position ?? 0n;
  }

  /** Starts dispatching the broadcasts that `agent` has not handled; idempotent. */
  async listen(agent: bigint): Promise<void> {
    if (this.#reader) return;
    const reader = new FeedReader<Row>(after => this.#readPage(agent, after), 0n, { isBehind: true });
    this.#reader = reader;
    await this.#query.open();
    void this.#dispatchAll(reader, agent);
  }

  /** Stops dispatching. */
  close(reason: Error): void {
    this.#reader?.close();
    this.#reader = undefined;
    for (const timer of this.#retries) clearTimeout(timer);
    this.#retries.clear();
    for (const message of this.#open) message.lose(reason);
    this.#open.clear();
    this.#resume?.();
  }

  async #dispatchAll(reader: FeedReader<Row>, agent: bigint): Promise<void> {
    const { connection } = this.#parts;
    while (this.#reader === reader) {
      try {
        for (const row of await reader.read()) {
          // The hub counts a broadcast as handled by its sender.
          if (row.sender !== agent) this.#dispatch(row, agent, (row.failures ?? 0) + 1);
          if (this.#open.size >= MAX_OPEN) await new Promise<void>(resolve => (this.#resume = resolve));
        }
      } catch (error) {
        if (connection.state === 'closed' || this.#reader !== reader) return;
        // After a loss the next read waits for the connection. Any other error would repeat.
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
    const from = [after, page.cursor, page.first - 1n].reduce((max, each) => (each > max ? each : max));
    const end = from + BigInt(limit);
    const rows = [...page.rows].sort((a, b) => b.priority - a.priority || (a.seq < b.seq ? -1 : 1));
    return { rows, through: end < page.head ? end : page.head, last: page.head };
  }

  #warnOfLoss(count: bigint): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const sentence = `${count} broadcasts were deleted before this agent received them`;
    this.#parts.connection.warn(new AgoraError('broadcast/expired', sentence));
  }

  #dispatch(row: Row, agent: bigint, attempt: number): void {
    const { dispatcher, connection, acts } = this.#parts;
    const settlement = new BroadcastSettlement(agent, row.seq, attempt);
    // An expired broadcast has no envelope and only advances the cursor.
    if (row.envelope === '') return acts.perform(settlement.acknowledge(), undefined, { kept: true });
    const envelope = parseEnvelope(row.envelope);
    if (!envelope || envelope.payloadBytes !== undefined) {
      connection.warn(new AgoraError('call/failed', `broadcast ${row.seq} cannot be read`));
      return;
    }
    const keeper = new BroadcastKeeper(this.#parts, this, { row, agent, attempt });
    const message = new IncomingMessage(envelope, 'broadcast', attempt, settlement, keeper);
    this.#open.add(message);
    dispatcher.dispatch(message);
  }

  /** Counts a settled broadcast. */
  ended(message: IncomingMessage): void {
    this.#open.delete(message);
    const resume = this.#resume;
    if (!resume || this.#open.size >= MAX_OPEN) return;
    this.#resume = undefined;
    resume();
  }

  /** Dispatches a broadcast again after a backoff. */
  retry({ row, agent, attempt }: Dispatched): void {
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

interface Dispatched {
  readonly row: Row;
  readonly agent: bigint;
  readonly attempt: number;
}

class BroadcastKeeper implements MessageKeeper {
  readonly #parts: BroadcastParts;
  readonly #broadcasts: Broadcasts;
  readonly #dispatched: Dispatched;

  constructor(parts: BroadcastParts, broadcasts: Broadcasts, dispatched: Dispatched) {
    this.#parts = parts;
    this.#broadcasts = broadcasts;
    this.#dispatched = dispatched;
  }

  perform(act: Act, settled: Settled | undefined, options: { readonly kept: boolean }): void {
    const isRetried = act.tag === 'FailBroadcast' && act.value.retry && act.value.attempt < LIMITS.attempts;
    this.#parts.acts.perform(
      act,
      error => {
        if (!error && isRetried) this.#broadcasts.retry(this.#dispatched);
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

  warn(error: AgoraError): void {
    this.#parts.connection.warn(error);
  }

  extended(): void {
    // A broadcast has no lease.
  }
}
