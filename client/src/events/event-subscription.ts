// A subscription to events: a handler that is called in order, or an iterator.

import type { CheckedTypes } from '../receive/checked-types.ts';
import { AgoraError, ConnectionError, textOf, toAgoraError } from '../base/errors.ts';
import type { FeedReader } from '../connection/feed-reader.ts';
import type { NoTypes } from '../wire/message-types.ts';
import type { Tracing } from '../trace/tracing.ts';
import { AgoraEvent, type EventOf, type EventRow } from './agora-event.ts';

/** Handles an event. Events are not acknowledged: if the handler throws, the event does not come again. */
export type EventHandler<Type extends string = string, Types = NoTypes> = (event: EventOf<Type, Types>) => unknown;

/** Source, filter and end of a subscription. */
export interface EventSubscriptionOptions {
  readonly reader: FeedReader<EventRow>;
  readonly matches: (type: string) => boolean;
  readonly types: CheckedTypes;
  readonly tracing: Tracing;
  /** Closes the subscription. */
  readonly signal?: AbortSignal | undefined;
  /** Number of the last event, if the subscription has an end. */
  readonly last: bigint | undefined;
  /** Returns true once the connection has ended. */
  readonly isOver: () => boolean;
  readonly warn: (error: AgoraError) => void;
  readonly closed: () => void;
}

/**
 * A subscription to events: every matching event once and in order, also across a reconnect. Without a handler it is an
 * iterator; leaving the loop closes the subscription.
 */
export class EventSubscription<Type extends string = string, Types = NoTypes>
  implements AsyncIterable<EventOf<Type, Types>>, AsyncDisposable
{
  readonly #options: EventSubscriptionOptions;
  readonly #aborted = () => this.end(undefined);
  #isConsumed = false;
  #isDefault = false;
  #isClosed = false;
  #error: Error | undefined;
  #position: number;

  /** @internal */
  constructor(options: EventSubscriptionOptions) {
    this.#options = options;
    this.#position = Number(options.reader.position);
    options.signal?.addEventListener('abort', this.#aborted, { once: true });
  }

  /** Number of the last delivered event, or of the start. `from: position + 1` continues the subscription. */
  get position(): number {
    return this.#position;
  }

  /** @internal True if a handler or a loop takes its events. */
  get isConsumed(): boolean {
    return this.#isConsumed;
  }

  /** @internal True if its events go to the handler of `onEvent`. */
  get isDefault(): boolean {
    return this.#isDefault && !this.#isClosed;
  }

  /** @internal */
  wants(type: string): boolean {
    return this.#options.matches(type);
  }

  /** @internal Sets the handler, which gets one event at a time. */
  handle(handler: EventHandler, isDefault = false): void {
    this.#isConsumed = true;
    this.#isDefault = isDefault;
    void this.#handleAll(handler);
  }

  /** Ends the subscription; idempotent. */
  close(): Promise<void> {
    this.end(undefined);
    return Promise.resolve();
  }

  /** @internal Ends the subscription; its loop throws `error`. */
  end(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error ??= error;
    this.#options.signal?.removeEventListener('abort', this.#aborted);
    this.#options.reader.close();
    this.#options.closed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EventOf<Type, Types>, void> {
    if (this.#isConsumed)
      throw new AgoraError('client/bad-option', 'a handler or another loop takes the events of this subscription');
    this.#isConsumed = true;
    try {
      for (let rows = await this.#next(); rows.length > 0; rows = await this.#next()) {
        for (const row of rows) {
          if (this.#isClosed || this.#isPast(row)) break;
          this.#position = Number(row.seq);
          if (!this.#options.matches(row.type)) continue;
          const event = await this.#read(row);
          if (event) yield event as unknown as EventOf<Type, Types>; // `matches` accepts only the requested types
        }
      }
      if (this.#error) throw this.#error;
    } finally {
      this.end(undefined);
    }
  }

  async #handleAll(handler: EventHandler): Promise<void> {
    try {
      for (let rows = await this.#next(); rows.length > 0; rows = await this.#next()) {
        for (const row of rows) {
          if (this.#isClosed || this.#isPast(row)) return;
          this.#position = Number(row.seq);
          if (this.#options.matches(row.type)) await this.#handleOne(handler, row);
        }
      }
    } catch (error) {
      this.#options.warn(toAgoraError(error));
    } finally {
      this.end(undefined);
    }
  }

  async #handleOne(handler: EventHandler, row: EventRow): Promise<void> {
    try {
      const event = await this.#read(row);
      if (event) await this.#options.tracing.handleEvent(event, () => handler(event));
    } catch (error) {
      const sentence = `the handler of event ${row.seq} (${row.type}) threw: ${textOf(error)}`;
      this.#options.warn(new AgoraError('client/handler-failed', sentence, { cause: error }));
    }
  }

  /** Returns the event of a row; undefined, with a warning, if its data is invalid: an event cannot be failed. */
  async #read(row: EventRow): Promise<AgoraEvent | undefined> {
    const event = new AgoraEvent(row);
    const read = await this.#options.types.eventReader(row.type)?.(JSON.parse(row.data));
    if (read?.fault === undefined) {
      if (read) event.readAs(read.value);
      return event;
    }
    const sentence = `event ${row.seq} of "${row.source}" is not a valid ${row.type}: ${read.fault}`;
    this.#options.warn(new AgoraError('event/bad-data', sentence));
    return undefined;
  }

  #isPast(row: EventRow): boolean {
    return this.#options.last !== undefined && row.seq > this.#options.last;
  }

  /** Returns the next rows; none at the end. Waits for a lost connection until the client gives up. */
  async #next(): Promise<readonly EventRow[]> {
    const { reader, last } = this.#options;
    for (;;) {
      if (last !== undefined && reader.position >= last) return [];
      try {
        return await reader.read();
      } catch (error) {
        // After a loss the next read waits for the connection.
        if (!(error instanceof ConnectionError) || this.#isClosed || this.#options.isOver()) throw this.#error ?? error;
      }
    }
  }
}
