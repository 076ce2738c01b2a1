// Offline queue: stores outgoing messages and events while disconnected and sends them on reconnect.
//
// I1  Every act goes through the same queue as all other acts (`Acts`) and keeps its order and its id, so the hub accepts
//     it once, even if it is sent several times.
// I2  An act that was queued while disconnected, or was in flight at the loss, is in the store (if there is one) until the
//     hub has accepted or refused it.
// I3  Each act is settled once. An act of an ended process has no caller, so its outcome goes to `noted` and `warn`.
// I4  A delay and a time to live count from the queueing. An act that may have been sent is sent again unchanged.

import { backoffMs } from '../base/backoff.ts';
import { AgoraError, textOf } from '../base/errors.ts';
import { MAX_QUEUED, type Acts, type Settled } from './acts.ts';
import { bytesOf, itemOf, readItem, type OutgoingAct } from './outbox-item.ts';
import type { KeptItem, OutboxStore } from './outbox-store.ts';

/** Limits of an outbox, and its store. */
export interface OutboxOptions {
  /** Default 10,000. */
  readonly maxMessages?: number | undefined;
  /** Size of payloads, headers and data. Default 16 MiB. */
  readonly maxBytes?: number | undefined;
  /** An act that is not sent within this time is refused. By default the hub decides (`message/id-too-old`). */
  readonly maxAgeMs?: number | undefined;
  /** Path of the file that stores the queue (Node.js). Without a file or store it lasts as long as the process. */
  readonly file?: string | undefined;
  /** Another store, in place of a file. */
  readonly store?: OutboxStore | undefined;
}

/** Report about one act of the outbox. */
export interface OutboxNote {
  /** Stored (durably, if there is a store); accepted by the hub; refused by it, or expired. */
  readonly what: 'kept' | 'accepted' | 'refused';
  readonly kind: 'message' | 'event';
  readonly id: string;
  /** Message or event type, the targets of a message, and the payload or data. */
  readonly type: string;
  readonly to: readonly string[];
  readonly payload: unknown;
  readonly error?: AgoraError;
}

/** The parts of the client that an outbox needs. */
export interface OutboxParts {
  /** Name of the agent. */
  readonly name: string;
  readonly acts: Pick<Acts, 'perform' | 'withdraw' | 'size'>;
  readonly isConnected: () => boolean;
  readonly noted: (note: OutboxNote) => void;
  readonly warn: (error: AgoraError) => void;
}

interface Entry {
  readonly act: OutgoingAct;
  readonly queuedAt: number;
  readonly bytes: number;
  readonly settled: Settled | undefined;
  /** It was queued while disconnected, or was in flight at a loss. */
  isKept: boolean;
  /** It is durable. */
  isSafe: boolean;
  /** The hub may have accepted it. */
  isInDoubt: boolean;
  tries: number;
}

/** Retryable refusals. */
const RETRYABLE = new Set<string>(['quota/rate', 'quota/fan-out', 'quota/unfinished', 'quota/stored-bytes']);

/** Stores outgoing acts until the hub has settled them. */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #store: OutboxStore | undefined;
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  /** All unsettled entries, in order. */
  readonly #entries = new Set<Entry>();
  /** Entries that wait for the number of the agent. */
  readonly #held: Entry[] = [];
  #agent: bigint | undefined;
  #bytes = 0;
  #opening: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  #end: AgoraError | undefined;

  constructor(parts: OutboxParts, options: OutboxOptions, store: OutboxStore | undefined) {
    this.#parts = parts;
    this.#store = store;
    this.#maxMessages = readLimit('maxMessages', options.maxMessages, 10_000);
    this.#maxBytes = readLimit('maxBytes', options.maxBytes, 16 * 1024 * 1024);
    this.#maxAgeMs = readLimit('maxAgeMs', options.maxAgeMs, Infinity);
  }

  /** Number of unsettled acts. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the number of the sender; 0 until the agent is registered, and filled in then. */
  readonly sender = (): bigint => this.#agent ?? 0n;

  /** Loads the acts that an earlier process stored. Throws `outbox/in-use`, `outbox/unreadable`. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Sends the held acts under the number of the registered agent. */
  async play(agent: bigint): Promise<void> {
    await this.open();
    await this.#freshen(this.#held);
    // New acts go behind the held ones.
    this.#agent = agent;
    for (const entry of this.#held.splice(0)) this.#perform(entry);
  }

  /** Holds new acts until the agent is registered again. */
  rest(): void {
    this.#agent = undefined;
  }

  /** Updates delays and times to live after a reconnect. */
  async resume(): Promise<void> {
    if (this.#agent !== undefined) await this.#freshen([...this.#entries]);
  }

  /** Sends an act now, or after the next connection. */
  perform(act: OutgoingAct, settled: Settled): void {
    if (this.#end) return settled(this.#end);
    const isOffline = !this.#parts.isConnected() || this.#agent === undefined;
    const entry = this.#entryOf({ act, queuedAt: Date.now(), settled, isInDoubt: !isOffline });
    if (isOffline && (this.#entries.size >= this.#maxMessages || this.#bytes + entry.bytes > this.#maxBytes)) {
      const sentence = `the outbox holds ${this.#entries.size} messages of ${this.#bytes} bytes; wait for the hub, or raise its limits`;
      return settled(new AgoraError('outbox/full', sentence));
    }
    if (this.#parts.acts.size >= MAX_QUEUED) {
      return settled(new AgoraError('client/queue-full', `${MAX_QUEUED} calls wait; wait for some of them first`));
    }
    this.#add(entry);
    if (isOffline) void this.#keep([entry]);
    if (this.#agent === undefined) this.#held.push(entry);
    else this.#perform(entry);
  }

  /** Withdraws an act. Returns true if it was still unsent; its callback then gets `error`. */
  withdraw(id: string, error: AgoraError): boolean {
    for (const entry of this.#entries) {
      if (entry.act.value.id !== id || entry.isInDoubt) continue;
      this.#giveUp(entry, error);
      return true;
    }
    return false;
  }

  /** Stores the acts that were in flight when the connection was lost. */
  lost(): void {
    void this.#keep([...this.#entries].filter(entry => !entry.isKept));
  }

  /** Ends the outbox with the connection. The acts of a store are sent by the next client that opens it. */
  end(error: AgoraError): void {
    if (this.#end) return;
    this.#end = error;
    for (const timer of this.#retries) clearTimeout(timer);
    this.#ending = this.#leaveAll(error);
  }

  /** Closes the store, after `end`. */
  async close(): Promise<void> {
    await this.#ending;
    await this.#store?.close();
  }

  async #open(): Promise<void> {
    const items = (await this.#store?.open()) ?? [];
    const loaded = items.flatMap(item => this.#entryOfItem(item) ?? []);
    // Older acts go first.
    const later = [...this.#entries];
    this.#entries.clear();
    this.#bytes = 0;
    for (const entry of [...loaded, ...later]) this.#add(entry);
    this.#held.unshift(...loaded);
  }

  #entryOfItem(item: KeptItem): Entry | undefined {
    const { name, warn } = this.#parts;
    try {
      const { agent, act, queuedAt, isInDoubt } = readItem(item);
      if (agent === name) return this.#entryOf({ act, queuedAt, isInDoubt, isKept: true, isSafe: true });
      const sentence = `the outbox holds ${item.id} of "${agent}", which is not sent; give "${name}" an outbox of its own`;
      warn(new AgoraError('outbox/unreadable', sentence));
    } catch (cause) {
      warn(
        new AgoraError('outbox/unreadable', `the outbox holds ${item.id}, which cannot be read: ${textOf(cause)}`, {
          cause,
        }),
      );
    }
    return undefined;
  }

  #entryOf(entry: Pick<Entry, 'act' | 'queuedAt' | 'isInDoubt'> & Partial<Entry>): Entry {
    return { bytes: bytesOf(entry.act), settled: undefined, isKept: false, isSafe: false, tries: 0, ...entry };
  }

  #add(entry: Entry): void {
    this.#entries.add(entry);
    this.#bytes += entry.bytes;
  }

  #drop(entry: Entry): boolean {
    if (!this.#entries.delete(entry)) return false;
    this.#bytes -= entry.bytes;
    return true;
  }

  #perform(entry: Entry): void {
    entry.act.value.agent = this.#agent ?? 0n;
    if (this.#parts.isConnected()) entry.isInDoubt = true;
    this.#parts.acts.perform(entry.act, error => this.#settle(entry, error), { kept: true });
  }

  /** Settles an entry that the hub has accepted or refused. */
  #settle(entry: Entry, error: AgoraError | undefined): void {
    if (this.#end && error) return; // `#leaveAll` settles it
    if (error && entry.isKept && RETRYABLE.has(error.code)) return this.#retryLater(entry);
    if (!this.#drop(entry)) return;
    if (entry.isKept) this.#forget(entry);
    entry.settled?.(error);
    if (!entry.isKept) return;
    const note = noteOf(entry, error ? 'refused' : 'accepted');
    this.#parts.noted(error ? { ...note, error } : note);
    if (!error || entry.settled) return;
    const sentence = `${note.kind} ${note.id} of the outbox was not sent: ${error.message}`;
    this.#parts.warn(new AgoraError(error.code, sentence, { cause: error }));
  }

  /** Sends a kept act again after a pause, when the quota may allow it. */
  #retryLater(entry: Entry): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      this.#perform(entry);
    }, backoffMs(entry.tries++));
    this.#retries.add(timer);
  }

  /** Removes an entry unsent and settles it with `error`. */
  #giveUp(entry: Entry, error: AgoraError): void {
    this.#parts.acts.withdraw(entry.act);
    const at = this.#held.indexOf(entry);
    if (at >= 0) this.#held.splice(at, 1);
    this.#settle(entry, error);
  }

  /** Settles all entries at the end of the client: those of the store with `outbox/kept`. */
  async #leaveAll(error: AgoraError): Promise<void> {
    await this.#keep([...this.#entries].filter(entry => !entry.isSafe));
    for (const entry of [...this.#entries]) {
      this.#drop(entry);
      if (!entry.isSafe) {
        entry.settled?.(error);
        continue;
      }
      const { name } = this.#parts;
      const sentence = `the client ended before the hub had ${entry.act.value.id}; it stays in the outbox, and the next client of "${name}" with this outbox sends it`;
      entry.settled?.(new AgoraError('outbox/kept', sentence, { cause: error }));
    }
  }

  /** Subtracts the time in the queue from delays and times to live of unsent acts. */
  async #freshen(entries: readonly Entry[]): Promise<void> {
    const changed: Entry[] = [];
    const now = Date.now();
    for (const entry of [...entries]) {
      if (entry.isInDoubt) continue;
      const age = Math.max(0, now - entry.queuedAt);
      const { act } = entry;
      const isOver = act.tag === 'Send' && act.value.ttlMs > 0n && act.value.ttlMs <= BigInt(age);
      if (age > this.#maxAgeMs || isOver) {
        this.#giveUp(entry, new AgoraError('outbox/expired', `it expired after ${age} ms without a connection`));
        continue;
      }
      entry.isInDoubt = true;
      if (act.tag !== 'Send' || (act.value.ttlMs === 0n && act.value.delayMs === 0n)) continue;
      if (act.value.ttlMs > 0n) act.value.ttlMs -= BigInt(age);
      act.value.delayMs = act.value.delayMs > BigInt(age) ? act.value.delayMs - BigInt(age) : 0n;
      changed.push(entry);
    }
    await this.#write(changed);
  }

  async #keep(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    for (const entry of entries) entry.isKept = true;
    await this.#write(entries);
    for (const entry of entries) {
      const isKept = this.#entries.has(entry) && (!this.#store || entry.isSafe);
      if (isKept) this.#parts.noted(noteOf(entry, 'kept'));
    }
  }

  /** Writes entries to the store. */
  async #write(entries: readonly Entry[]): Promise<void> {
    const { name, warn } = this.#parts;
    if (!this.#store || entries.length === 0) return;
    try {
      await this.open();
      const left = entries.filter(entry => this.#entries.has(entry));
      await this.#store.keep(left.map(entry => itemOf({ ...entry, agent: name })));
      for (const entry of left) entry.isSafe = true;
    } catch (cause) {
      warn(new AgoraError('outbox/not-kept', `the outbox could not be written: ${textOf(cause)}`, { cause }));
    }
  }

  #forget(entry: Entry): void {
    this.#store?.forget([entry.act.value.id]).catch((cause: unknown) => {
      // The next process sends it again, and the hub accepts it once.
      this.#parts.warn(
        new AgoraError('outbox/not-kept', `the outbox could not be written: ${textOf(cause)}`, { cause }),
      );
    });
  }
}

function noteOf({ act }: Entry, what: OutboxNote['what']): OutboxNote {
  const { tag, value } = act;
  const { id, type } = value;
  return tag === 'Send'
    ? {
        what,
        kind: 'message',
        id,
        type,
        to: value.to,
        payload: value.payload === '' ? undefined : parse(value.payload),
      }
    : { what, kind: 'event', id, type, to: [], payload: parse(value.data) };
}

function parse(text: string): unknown {
  return JSON.parse(text);
}

function readLimit(option: string, given: number | undefined, fallback: number): number {
  const limit = given ?? fallback;
  if (limit >= 1) return limit;
  throw new AgoraError('client/bad-option', `outbox.${option} is a number of at least 1, not ${limit}`);
}
