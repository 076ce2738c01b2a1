// A fact that somebody published, as it was read from the feed or the kept log.

import { isObject } from '../base/is-object.ts';
import { parseObject } from '../base/json.ts';
import type { EventDataOf, NoTypes } from '../wire/message-types.ts';
import { traceIn, type TraceContext } from '../base/trace-context.ts';

/** A row of the feed of events, and of the kept log. */
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

/** An event of one of some types: looking at `type` tells what its data is. */
export type EventOf<Type extends string, Types = NoTypes> = Type extends string ? AgoraEvent<Type, Types> : never;

/** An event. Its data is read from its text when somebody looks at it: most events interest few. */
export class AgoraEvent<Type extends string = string, Types = NoTypes> {
  /** Its number: events are counted up, without a hole. */
  readonly seq: number;
  readonly id: string;
  readonly type: Type;
  /** The name of the agent that published it, or `system`. */
  readonly source: string;
  readonly at: Date;
  /** The trace it was published in. */
  readonly trace: TraceContext | undefined;
  readonly #text: string;
  #data: EventDataOf<Type, Types> | undefined;

  constructor(row: EventRow) {
    this.seq = Number(row.seq);
    this.id = row.id;
    this.type = row.type as Type; // whoever asked for this type asked for events of it
    this.source = row.source;
    this.at = row.at.toDate();
    this.trace = row.headers === '' ? undefined : traceIn(parseObject(row.headers));
    this.#text = row.data;
  }

  /** What was published. Data that is no JSON object is found under `value`. */
  get data(): EventDataOf<Type, Types> {
    if (this.#data === undefined) {
      const value: unknown = JSON.parse(this.#text);
      this.readAs(isObject(value) ? value : { value });
    }
    return this.#data as EventDataOf<Type, Types>; // there is some now
  }

  /** The data as its schema has read it: whatever that makes of it. */
  readAs(data: unknown): void {
    this.#data = data as EventDataOf<Type, Types>; // either read by the schema, or of a type that has none
  }

  toJSON(): Readonly<Record<string, unknown>> {
    const { seq, id, type, source, at, data } = this;
    return { seq, id, type, source, at, data };
  }
}
