// Events: published by agents and by the hub, followed by type, live or from a number on.

import type { DbConnection } from '@agora/bindings';
import { LIMITS } from '@agora/module/contract';
import type { Act, Acts } from '../acts/acts.ts';
import type { CheckedTypes } from '../receive/checked-types.ts';
import type { Connection } from '../connection/connection.ts';
import { AgoraError } from '../base/errors.ts';
import { FeedReader, type FeedPage } from '../connection/feed-reader.ts';
import { EVENT_DATA, toJson } from '../base/json.ts';
import { LiveQuery } from '../connection/live-query.ts';
import type { EventDataInputOf, NoTypes } from '../wire/message-types.ts';
import type { Outbox } from '../acts/outbox.ts';
import { sendOnce } from '../acts/send-once.ts';
import { headersText, type TraceContext } from '../base/trace-context.ts';
import { around, type Tracing } from '../trace/tracing.ts';
import { createId } from '../base/create-id.ts';
import { microsOf } from '../base/micros.ts';
import { eventMatcher } from './event-filter.ts';
import { EventSubscription, type EventHandler } from './event-subscription.ts';

type Row = Parameters<Parameters<DbConnection['db']['eventFeed']['onInsert']>[0]>[1];

/** How events are handed over, and from which one on. */
export interface EventOptions<Type extends string = string, Types = NoTypes> {
  /** Called for each event, in order, one at a time. Without one the subscription is an iterator, or feeds `onEvent`. */
  readonly handler?: EventHandler<Type, Types> | undefined;
  /** `live`, the default; the number of the first event that is wanted; or from when on, as far as events are kept. */
  readonly from?: 'live' | number | Date | undefined;
  /** The number of the last event that is wanted; `now` for what there is already. After it the subscription ends. */
  readonly until?: 'now' | number | undefined;
  /** Ends the subscription, as `close` does. */
  readonly signal?: AbortSignal | undefined;
}

/** What is published. */
export interface OutgoingEvent<Type extends string = string, Types = NoTypes> {
  readonly eventType: Type;
  readonly data: EventDataInputOf<Type, Types>;
  /** A UUIDv7 of your own: the same event under the same id is published once. */
  readonly id?: string | undefined;
  /** The trace that it is published in; by default that of what is handled right now. */
  readonly trace?: TraceContext | undefined;
  /** Ends the waiting for the hub's word. What was not on its way yet is not published. */
  readonly signal?: AbortSignal | undefined;
}

/** An event whose data is still to be checked. */
type SaidEvent = Omit<OutgoingEvent, 'data'> & { readonly data: unknown };
type PublishAct = Extract<Act, { tag: 'Publish' }>;

/** What events need of their client. */
export interface EventParts {
  readonly connection: Connection;
  readonly acts: Acts;
  readonly sender: () => bigint;
  readonly types: CheckedTypes;
  readonly tracing: Tracing;
  /** Where there is one: takes what is published, also before there is a connection. */
  readonly outbox?: Outbox | undefined;
}

/** Publishes events, and follows those of everybody. */
export class Events {
  readonly #parts: EventParts;
  readonly #query: LiveQuery;
  readonly #readers = new Set<FeedReader<Row>>();
  readonly #subscriptions = new Set<EventSubscription>();
  #defaultHandler: EventHandler | undefined;

  constructor(parts: EventParts) {
    this.#parts = parts;
    this.#query = new LiveQuery(parts.connection, {
      query: 'SELECT * FROM event_feed',
      listen: db =>
        db.db.eventFeed.onInsert((_, row) => {
          for (const reader of this.#readers) reader.push(row);
        }),
      applied: () => {
        for (const reader of this.#readers) reader.markBehind();
      },
    });
  }

  /** Publishes an event; settles with its id once the hub has it. */
  async publish(event: SaidEvent): Promise<{ readonly eventId: string }> {
    const span = this.#parts.tracing.spans?.send(event.eventType, event.eventType, event);
    if (!span) return this.#publish(event);
    return around(span, () => this.#publish({ ...event, id: span.id, trace: span.trace }));
  }

  async #publish(event: SaidEvent): Promise<{ readonly eventId: string }> {
    const act = this.actOf(event, this.#parts.outbox?.sender);
    const checking = this.check(act);
    if (checking) await checking;
    return new Promise((resolve, reject) => {
      sendOnce(this.#parts, act, event.signal, error => (error ? reject(error) : resolve({ eventId: act.value.id })));
    });
  }

  /** Checks the data of an act by its schema. Throws `event/bad-data`; a promise only where the schema takes time. */
  check({ value: { type, data } }: PublishAct): Promise<void> | undefined {
    return this.#parts.types.checkEventData(type, data);
  }

  /** Puts an event as an act; its data is still to be checked. */
  actOf({ eventType, data, id, trace }: SaidEvent, sender = this.#parts.sender): PublishAct {
    const agent = sender();
    const headers = headersText(undefined, trace);
    return {
      tag: 'Publish',
      value: { id: id ?? createId(), agent, type: eventType, data: toJson(data, EVENT_DATA), headers },
    };
  }

  /** Follows events of some types; none is all. */
  async subscribe(types: readonly string[], options: EventOptions): Promise<EventSubscription> {
    const { handler, from = 'live', until, signal } = options;
    signal?.throwIfAborted();
    const matches = eventMatcher(types);
    if (typeof from === 'number' && !(Number.isSafeInteger(from) && from >= 1)) {
      throw new AgoraError('client/bad-option', `events are counted from 1 on; there is no event ${from}`);
    }
    await this.#query.open();
    const last = until === 'now' ? await this.#lastNumber() : until === undefined ? undefined : BigInt(until);
    const position = await this.#positionBefore(from);
    signal?.throwIfAborted();
    // Live rows since the last number may have come before the reader is there.
    const reader = new FeedReader<Row>(after => this.#readPage(after), position, { isBehind: true });
    this.#readers.add(reader);
    const subscription = new EventSubscription({
      reader,
      matches,
      types: this.#parts.types,
      tracing: this.#parts.tracing,
      signal,
      last,
      isOver: () => this.#parts.connection.state === 'closed',
      warn: error => this.#parts.connection.warn(error),
      closed: () => {
        this.#readers.delete(reader);
        this.#subscriptions.delete(subscription);
      },
    });
    this.#subscriptions.add(subscription);
    if (handler) subscription.handle(handler);
    else if (this.#defaultHandler) this.#feedDefault(subscription, this.#defaultHandler);
    return subscription;
  }

  /** Has every subscription without a handler of its own feed this one; an event that several want comes once. */
  onEvent(handler: EventHandler): void {
    this.#defaultHandler = handler;
    for (const subscription of this.#subscriptions) this.#feedDefault(subscription, handler);
  }

  /** The number of the first kept event that was published at a time (microseconds since 1970) or later. */
  async firstSince(atMicros: bigint): Promise<bigint> {
    const { first, last } = await this.#page(LAST_POSSIBLE, 1);
    let low = first;
    let high = last + 1n;
    while (low < high) {
      const middle = (low + high) / 2n;
      const [row] = (await this.#page(middle - 1n, 1)).rows;
      if (!row || row.at.microsSinceUnixEpoch >= atMicros) high = middle;
      else low = middle + 1n;
    }
    return low;
  }

  /** Ends all subscriptions, with why. */
  close(error: Error): void {
    for (const subscription of [...this.#subscriptions]) subscription.end(error);
  }

  #feedDefault(subscription: EventSubscription, handler: EventHandler): void {
    if (subscription.isConsumed) return;
    subscription.handle(event => {
      for (const earlier of this.#subscriptions) {
        if (earlier === subscription) return handler(event);
        if (earlier.isDefault && earlier.wants(event.type)) return undefined;
      }
      return undefined;
    }, true);
  }

  async #positionBefore(from: 'live' | number | Date): Promise<bigint> {
    if (from === 'live') return this.#lastNumber();
    return (typeof from === 'number' ? BigInt(from) : await this.firstSince(microsOf(from))) - 1n;
  }

  async #lastNumber(): Promise<bigint> {
    return (await this.#page(LAST_POSSIBLE, 1)).last;
  }

  async #readPage(after: bigint): Promise<FeedPage<Row>> {
    const { state, first, last, rows } = await this.#page(after, LIMITS.page);
    if (state === 'expired') {
      throw new AgoraError(
        'event/expired',
        `events after ${after} are no longer all kept; the first one kept is ${first}`,
      );
    }
    if (state === 'ahead')
      throw new AgoraError('event/ahead', `there is no event ${after} yet; the last one is ${last}`);
    return { rows, through: rows.at(-1)?.seq ?? last, last };
  }

  #page(after: bigint, limit: number) {
    return this.#parts.connection.call('read_events', db => db.procedures.readEvents({ after, limit }));
  }
}

/** A number no event will have: asked for, the log tells where it ends. */
const LAST_POSSIBLE = 2n ** 63n;
