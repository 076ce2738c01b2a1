// Events: publishing, and subscriptions by type, live or from a number on.

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
import type { FenceOption } from '../acts/fence.ts';
import { outboxFor, sendOnce } from '../acts/send-once.ts';
import { headersText, type TraceContext } from '../base/trace-context.ts';
import { withSpan, type Tracing } from '../trace/tracing.ts';
import { createId } from '../base/create-id.ts';
import { microsOf } from '../base/micros.ts';
import { eventMatcher } from './event-filter.ts';
import { EventSubscription, type EventHandler } from './event-subscription.ts';

type Row = Parameters<Parameters<DbConnection['db']['eventFeed']['onInsert']>[0]>[1];

/** Handler and range of an event subscription. */
export interface EventOptions<Type extends string = string, Types = NoTypes> {
  /** Called for each event in order, one at a time. Without it the subscription is an iterator, or feeds `onEvent`. */
  readonly handler?: EventHandler<Type, Types> | undefined;
  /** Start: `live` (default), the number of the first event, or a time within the retention. */
  readonly from?: 'live' | number | Date | undefined;
  /** End: the number of the last event, or `now` for the existing events. Default: no end. */
  readonly until?: 'now' | number | undefined;
  /** Ends the subscription, as `close` does. */
  readonly signal?: AbortSignal | undefined;
}

/** An event to publish. */
export interface OutgoingEvent<Type extends string = string, Types = NoTypes> extends FenceOption {
  readonly eventType: Type;
  readonly data: EventDataInputOf<Type, Types>;
  /** A UUIDv7 of the caller (`createId()`), which makes publishing idempotent: the hub accepts an id once. */
  readonly id?: string | undefined;
  /** Trace context; by default that of the current handler. */
  readonly trace?: TraceContext | undefined;
  /** Ends the waiting for acceptance. An unsent event is withdrawn; a sent one may still be published. */
  readonly signal?: AbortSignal | undefined;
}

/** An event with unchecked data. */
type UncheckedEvent = Omit<OutgoingEvent, 'data'> & { readonly data: unknown };
type PublishAct = Extract<Act, { tag: 'Publish' }>;

/** The parts of the client that events need. */
export interface EventParts {
  readonly connection: Connection;
  readonly acts: Acts;
  readonly sender: () => bigint;
  readonly types: CheckedTypes;
  readonly tracing: Tracing;
  /** Queues events while disconnected, if there is one. */
  readonly outbox?: Outbox | undefined;
}

/** Publishes events and subscribes to them. */
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

  /** Publishes an event; resolves to its id once the hub has accepted it. */
  async publish(event: UncheckedEvent): Promise<{ readonly eventId: string }> {
    const span = this.#parts.tracing.spans?.send(event.eventType, event.eventType, event);
    if (!span) return this.#publish(event);
    return withSpan(span, () => this.#publish({ ...event, id: span.id, trace: span.trace }));
  }

  async #publish(event: UncheckedEvent): Promise<{ readonly eventId: string }> {
    const act = this.actOf(event, outboxFor(this.#parts.outbox, event)?.sender);
    const checking = this.check(act);
    if (checking) await checking;
    return new Promise((resolve, reject) => {
      sendOnce(this.#parts, act, event, error => (error ? reject(error) : resolve({ eventId: act.value.id })));
    });
  }

  /** Checks the data of an act. Throws `event/bad-data`; returns a promise only for an async schema. */
  check({ value: { type, data } }: PublishAct): Promise<void> | undefined {
    return this.#parts.types.checkEventData(type, data);
  }

  /** Converts an event to an act, with unchecked data. */
  actOf({ eventType, data, id, trace }: UncheckedEvent, sender = this.#parts.sender): PublishAct {
    const agent = sender();
    const headers = headersText(undefined, trace);
    return {
      tag: 'Publish',
      value: { id: id ?? createId(), agent, type: eventType, data: toJson(data, EVENT_DATA), headers },
    };
  }

  /** Subscribes to events of some types; an empty list is all types. */
  async subscribe(types: readonly string[], options: EventOptions): Promise<EventSubscription> {
    const { handler, from = 'live', until, signal } = options;
    signal?.throwIfAborted();
    const matches = eventMatcher(types);
    if (typeof from === 'number' && !(Number.isSafeInteger(from) && from >= 1)) {
      throw new AgoraError('client/bad-option', `event numbers start at 1; there is no event ${from}`);
    }
    await this.#query.open();
    const last = until === 'now' ? await this.#lastNumber() : until === undefined ? undefined : BigInt(until);
    const position = await this.#positionBefore(from);
    signal?.throwIfAborted();
    // Live rows after the last number may have come before the reader exists.
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

  /** Sets the handler of all subscriptions without one; an event that several of them match is handled once. */
  onEvent(handler: EventHandler): void {
    this.#defaultHandler = handler;
    for (const subscription of this.#subscriptions) this.#feedDefault(subscription, handler);
  }

  /** Returns the number of the first stored event at or after a time (microseconds since 1970). */
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

  /** Ends all subscriptions with an error. */
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
        `events after ${after} are partly deleted; the first stored one is ${first}`,
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

/** A number above all events: a page from it on returns the end of the log. */
const LAST_POSSIBLE = 2n ** 63n;
