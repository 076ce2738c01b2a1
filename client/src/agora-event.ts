// A fact that somebody published, as it was read from the feed or the kept log.

/** A row of the feed of events, and of the kept log. */
export interface EventRow {
  readonly seq: bigint;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly data: string;
  readonly at: { toDate(): Date };
}

/** An event. Its data is read from its text when somebody looks at it: most events interest few. */
export class AgoraEvent {
  /** Its number: events are counted up, without a hole. */
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  /** The name of the agent that published it, or `system`. */
  readonly source: string;
  readonly at: Date;
  readonly #text: string;
  #data: Readonly<Record<string, unknown>> | undefined;

  constructor(row: EventRow) {
    this.seq = Number(row.seq);
    this.id = row.id;
    this.type = row.type;
    this.source = row.source;
    this.at = row.at.toDate();
    this.#text = row.data;
  }

  /** What was published. Data that is no JSON object is found under `value`. */
  get data(): Readonly<Record<string, unknown>> {
    if (!this.#data) {
      const value: unknown = JSON.parse(this.#text);
      const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
      this.#data = isRecord ? (value as Readonly<Record<string, unknown>>) : { value }; // an object has members of some kind
    }
    return this.#data;
  }

  toJSON(): Readonly<Record<string, unknown>> {
    const { seq, id, type, source, at, data } = this;
    return { seq, id, type, source, at, data };
  }
}
