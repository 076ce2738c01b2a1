// One subscription to events: a handler that is called in order, or an iterator.

import type { CheckedTypes } from '../receive/checked-types.ts';
import { AgoraError, ConnectionError, toAgoraError } from '../base/errors.ts';
import type { FeedReader } from '../connection/feed-reader.ts';
import type { NoTypes } from '../wire/message-types.ts';
import type { Tracing } from '../trace/tracing.ts';
import { AgoraEvent, type EventOf, type EventRow } from './agora-event.ts';

/** Handles an event. Events are not acknowledged: one whose handler throws is not given again. */
export type EventHandler<Type extends string = string, Types = NoTypes> = (event: EventOf<Type, Types>) => unknown;

/** What a subscription reads, which types it wants, and whom it tells of its end. */
export interface EventSubscriptionOptions {
  readonly reader: FeedReader<EventRow>;
  readonly matches: (type: string) => boolean;
  readonly types: CheckedTypes;
  readonly tracing: Tracing;
  /** Closes the subscription. */
  readonly signal?: AbortSignal | undefined;
  /** The number after which the subscription ends, if it does by itself. */
  readonly last: bigint | undefined;
  /** Whether the connection will not be back. */
  readonly isOver: () => boolean;
  readonly warn: (error: AgoraError) => void;
  readonly closed: () => void;
}

/**
 * A subscription to events: every event once, in order, also across a reconnect. Without a handler it is an iterator;
 * leaving the loop closes the subscription.
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

  constructor(options: EventSubscriptionOptions) {
    this.#options = options;
    this.#position = Number(options.reader.position);
    options.signal?.addEventListener('abort', this.#aborted, { once: true });
  }

  /** The number of the last event that was given out, or where the subscription began: `from: position + 1` continues it. */
  get position(): number {
    return this.#position;
  }

  /** Whether a handler or a loop takes its events. */
  get isConsumed(): boolean {
    return this.#isConsumed;
  }

  /** Whether its events go to the handler of `onEvent`. */
  get isDefault(): boolean {
    return this.#isDefault && !this.#isClosed;
  }

  wants(type: string): boolean {
    return this.#options.matches(type);
  }

  /** Has each event handled, one after the other. */
  handle(handler: EventHandler, isDefault = false): void {
    this.#isConsumed = true;
    this.#isDefault = isDefault;
    void this.#handleAll(handler);
  }

  /** Ends the subscription; may be called twice. */
  close(): Promise<void> {
    this.end(undefined);
    return Promise.resolve();
  }

  /** Ends the subscription with the error that an iterator of it throws. */
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
      throw new AgoraError('client/bad-option', 'the events of this subscription are taken already');
    this.#isConsumed = true;
    try {
      for (let rows = await this.#next(); rows.length > 0; rows = await this.#next()) {
        for (const row of rows) {
          if (this.#isClosed || this.#isPast(row)) break;
          this.#position = Number(row.seq);
          if (!this.#options.matches(row.type)) continue;
          const event = await this.#read(row);
          if (event) yield event as unknown as EventOf<Type, Types>; // `matches` lets through the types that were asked for
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
      const { code, message } = toAgoraError(error);
      this.#options.warn(
        new AgoraError(code, `the handler of event ${row.seq} (${row.type}) failed: ${message}`, { cause: error }),
      );
    }
  }

  /** The event of a row; undefined where it is not what its type says: it has no sender to be failed to, so it is warned of. */
  async #read(row: EventRow): Promise<AgoraEvent | undefined> {
    const event = new AgoraEvent(row);
    const read = await this.#options.types.eventReader(row.type)?.(JSON.parse(row.data));
    if (read?.fault === undefined) {
      if (read) event.readAs(read.value);
      return event;
    }
    const sentence = `event ${row.seq} of "${row.source}" is no ${row.type}: ${read.fault}`;
    this.#options.warn(new AgoraError('event/bad-data', sentence));
    return undefined;
  }

  #isPast(row: EventRow): boolean {
    return this.#options.last !== undefined && row.seq > this.#options.last;
  }

  /** The next rows; none at the end. Waits for a lost connection as long as the client looks for it. */
  async #next(): Promise<readonly EventRow[]> {
    const { reader, last } = this.#options;
    for (;;) {
      if (last !== undefined && reader.position >= last) return [];
      try {
        return await reader.read();
      } catch (error) {
        // Lost: reading it again waits for the next connection, until the client gives up.
        if (!(error instanceof ConnectionError) || this.#isClosed || this.#options.isOver()) throw this.#error ?? error;
      }
    }
  }
}
