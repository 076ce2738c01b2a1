// A received event, read from the live feed or the stored log.

import { isObject } from '../base/is-object.ts';
import { parseObject } from '../base/json.ts';
import type { EventDataOf, NoTypes } from '../wire/message-types.ts';
import { traceIn, type TraceContext } from '../base/trace-context.ts';

/** A row of the live feed, or of the stored log. */
export interface EventRow {
  readonly seq: bigint;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly data: string;
  readonly at: { toDate(): Date };
  /** JSON, or empty. */
  readonly headers: string;
}

/** An event of one of several types; a check of `type` narrows its data. */
export type EventOf<Type extends string, Types = NoTypes> = Type extends string ? AgoraEvent<Type, Types> : never;

/** A received event. Its data is parsed on first access, since most subscribers ignore most events. */
export class AgoraEvent<Type extends string = string, Types = NoTypes> {
  /** Number of the event: 1, 2, 3, … without gaps. */
  readonly seq: number;
  readonly id: string;
  readonly type: Type;
  /** Name of the publisher, or `system`. */
  readonly source: string;
  readonly at: Date;
  /** Trace context of the publisher. */
  readonly trace: TraceContext | undefined;
  readonly #text: string;
  #data: EventDataOf<Type, Types> | undefined;

  /** @internal */
  constructor(row: EventRow) {
    this.seq = Number(row.seq);
    this.id = row.id;
    this.type = row.type as Type; // subscriptions filter by type
    this.source = row.source;
    this.at = row.at.toDate();
    this.trace = row.headers === '' ? undefined : traceIn(parseObject(row.headers));
    this.#text = row.data;
  }

  /** The published data. Data that is not a JSON object is under `value`. */
  get data(): EventDataOf<Type, Types> {
    if (this.#data === undefined) {
      const value: unknown = JSON.parse(this.#text);
      this.readAs(isObject(value) ? value : { value });
    }
    return this.#data as EventDataOf<Type, Types>; // `readAs` has set it
  }

  /** @internal Replaces the data by the output of its schema. */
  readAs(data: unknown): void {
    this.#data = data as EventDataOf<Type, Types>; // output of the schema, or of a type without one
  }

  toJSON(): Readonly<Record<string, unknown>> {
    const { seq, id, type, source, at, data } = this;
    return { seq, id, type, source, at, data };
  }
}
