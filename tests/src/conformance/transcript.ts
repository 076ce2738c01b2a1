// Records what was sent and received in a form that is the same on every run: identities, connections, tokens, times
// and durations become placeholders; parts that a server may choose (the words of its libraries) are omitted.

import { type Value } from './bsatn.ts';

/** A line of a transcript, before placeholders are inserted. */
export type Entry = { readonly [field: string]: Value | undefined };

type Kind = 'identity' | 'connection' | 'token';

/** The start of words of a library (serde, sqlparser, axum, jsonwebtoken, V8) or of Rust's debug format. */
export const WORDS_OF_LIBRARIES =
  /\b(invalid arguments for \w+ \w+|Failed to deserialize query string|Failed to buffer the request body|Header of type|Expected request with|sql parser error|Unsupported(?! (binary operator|aggregate function|literal))|Estimated cardinality|data too short|unknown tag|Invalid token|Invalid URL: invalid value|Subscription not found|Subscription with id|Uncaught SyntaxError)\b.*/s;

/** Earlier times are data of a scenario, later ones times of the run. */
const TIMES_OF_OUR_DAYS = 1_600_000_000_000_000n;

interface Line {
  text: string;
  /** A connection by its place among the connections, and its received messages. */
  received?: { index: number; label: string; messages: unknown[] };
}

export class Transcript {
  /** Constants that replace values of this run, such as the address of the server. */
  readonly constants = new Map<string, string>();
  readonly #lines: Line[] = [];
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<Kind, number>();
  /** The time of the reducer result that is being recorded. */
  #now: bigint | undefined;

  get lines(): readonly string[] {
    return this.#lines.map(line =>
      line.received ? JSON.stringify({ hears: line.received.label, messages: line.received.messages }) : line.text,
    );
  }

  /** Opens a case. */
  step(title: string): void {
    this.#lines.push({ text: JSON.stringify({ step: title }) });
  }

  note(entry: Entry): void {
    this.#lines.push({ text: JSON.stringify(this.#canonical(entry)) });
  }

  /** One line for each connection with messages since the last call, in the order in which they connected. */
  receives(connection: { readonly index: number; readonly label: string }, messages: readonly Value[]): void {
    const shown = messages.map(message => this.#canonical(message));
    let at = this.#lines.length;
    while ((this.#lines[at - 1]?.received?.index ?? -1) > connection.index) at--;
    const before = this.#lines[at - 1]?.received;
    if (before?.index === connection.index) before.messages.push(...shown);
    else this.#lines.splice(at, 0, { text: '', received: { ...pick(connection), messages: shown } });
  }

  /** Gives an identity, token or connection its name in the transcript. */
  name(kind: Kind, key: string, name: string): void {
    this.#names.set(`${kind}:${key}`, `<${name}>`);
  }

  #placeholder(kind: Kind, key: string): string {
    const known = this.#names.get(`${kind}:${key}`);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    this.name(kind, key, `${kind} ${count}`);
    return `<${kind} ${count}>`;
  }

  #canonical(value: Value | Entry): unknown {
    if (typeof value === 'bigint') return isSafe(value) ? Number(value) : String(value);
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : Number.isFinite(value) ? value : String(value);
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'string') return this.#canonicalText(value);
    if (isList(value)) return value.map(each => this.#canonical(each));
    const entries = Object.entries(value);
    const [only] = entries.length === 1 ? entries : [];
    if (only?.[0] === 'time' && typeof only[1] === 'bigint') return this.#time(only[1]);
    if (only?.[0] === 'duration' && typeof only[1] === 'bigint') return Number(only[1]);
    if (only?.[0] === 'token' && typeof only[1] === 'string') return this.#placeholder('token', only[1]);
    if (only?.[0] === 'connection' && typeof only[1] === 'string') return this.#placeholder('connection', only[1]);
    const result = value['ReducerResult'];
    if (result !== undefined) this.#now = timeOf(result);
    const shown = Object.fromEntries(
      entries.flatMap(([key, part]) =>
        part === undefined
          ? []
          : [[this.#canonicalText(key), key === 'total_duration_micros' ? '<duration>' : this.#canonical(part)]],
      ),
    );
    if (result !== undefined) this.#now = undefined;
    return shown;
  }

  /** A time of the run; in the rows of a reducer result, as the distance from the time of the call. */
  #time(time: bigint): unknown {
    if (time < TIMES_OF_OUR_DAYS) return Number(time);
    if (this.#now === undefined || time === this.#now) return '<time>';
    return `<time ${time < this.#now ? '' : '+'}${time - this.#now}>`;
  }

  #canonicalText(text: string): string {
    let shown = text
      .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, token => this.#placeholder('token', token))
      .replace(/\b(0x)?(c200[0-9a-f]{60})\b/g, (_all, prefix: string | undefined, hex: string) => {
        return (prefix ?? '') + this.#placeholder('identity', hex);
      })
      .replace(/\b(0x)?([0-9a-f]{32})\b/g, (all: string, prefix: string | undefined, hex: string) => {
        return this.#names.has(`connection:${hex}`) ? (prefix ?? '') + this.#placeholder('connection', hex) : all;
      })
      .replace(/\btoken=0x[0-9a-f]+/g, 'token=<token of the plan>')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g, at => (at.startsWith('20') ? '<time>' : at));
    for (const [constant, name] of this.constants) {
      if (name === '<database>') shown = shown.replaceAll(constant, name);
    }
    shown = shown
      .replace(WORDS_OF_LIBRARIES, '$1…')
      .replace(/(\n\s+at [^\n]+)+/g, '\n\tat …')
      .replace(/ (Iterator|Temporal|Float16Array):\w+/g, '');
    for (const [constant, name] of this.constants) shown = shown.replaceAll(constant, name);
    return shown;
  }
}

function pick({ index, label }: { readonly index: number; readonly label: string }): { index: number; label: string } {
  return { index, label };
}

function timeOf(result: Value): bigint | undefined {
  if (result === null || typeof result !== 'object' || isList(result)) return undefined;
  const time = result['time'];
  if (time === undefined || time === null || typeof time !== 'object' || isList(time)) return undefined;
  return typeof time['time'] === 'bigint' ? time['time'] : undefined;
}

function isSafe(value: bigint): boolean {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= -BigInt(Number.MAX_SAFE_INTEGER);
}

function isList(value: Value | Entry): value is readonly Value[] {
  return Array.isArray(value);
}
