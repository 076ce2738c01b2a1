// What is said while there is no connection: kept, and said when there is one.
//
// I1  Whatever is said goes through the same queue as everything else (`Acts`) and keeps its order and its id, so each is
//     accepted once, however often it is played.
// I2  What was said while there was no connection, or was on its way when it was lost, is in the store (if there is one)
//     until the hub has accepted or refused it.
// I3  Each is settled once; what nobody waits for any more, since its process has ended, is told by `told` and `warn`.
// I4  A delay and a time to live count from when it was said. What may have been sent is played exactly as it was.

import { backoffMs } from '../base/backoff.ts';
import { AgoraError, textOf } from '../base/errors.ts';
import { MAX_QUEUED, type Acts, type Settled } from './acts.ts';
import { bytesOf, itemOf, readItem, type Said } from './outbox-item.ts';
import type { KeptItem, OutboxStore } from './outbox-store.ts';

/** How much is kept, and where. */
export interface OutboxOptions {
  /** By default 10,000. */
  readonly maxMessages?: number | undefined;
  /** Of payloads, headers and data; by default 16 MiB. */
  readonly maxBytes?: number | undefined;
  /** What was not on its way within this time is given up; by default the hub decides (`message/id-too-old`). */
  readonly maxAgeMs?: number | undefined;
  /** The file to keep it in (Node.js); without one it lasts as long as the process. */
  readonly file?: string | undefined;
  /** Or another place. */
  readonly store?: OutboxStore | undefined;
}

/** What an outbox tells of something that was said while there was no connection. */
export interface OutboxNote {
  /** Kept, and on disk if that was asked for; accepted by the hub; refused by it, or given up. */
  readonly what: 'kept' | 'accepted' | 'refused';
  readonly kind: 'message' | 'event';
  readonly id: string;
  /** Its type, the targets of a message, and its payload or data. */
  readonly type: string;
  readonly to: readonly string[];
  readonly payload: unknown;
  readonly error?: AgoraError;
}

/** What an outbox needs of its client. */
export interface OutboxParts {
  /** Of the agent. */
  readonly name: string;
  readonly acts: Pick<Acts, 'perform' | 'withdraw' | 'size'>;
  readonly isConnected: () => boolean;
  readonly told: (note: OutboxNote) => void;
  readonly warn: (error: AgoraError) => void;
}

interface Entry {
  readonly said: Said;
  readonly saidAt: number;
  readonly bytes: number;
  readonly settled: Settled | undefined;
  /** It was said without a connection, or has lost it. */
  isKept: boolean;
  /** It is on disk. */
  isSafe: boolean;
  /** The hub may have it already. */
  isDoubtful: boolean;
  tries: number;
}

/** Refusals that pass. */
const PASSING = new Set<string>(['quota/rate', 'quota/fan-out', 'quota/unfinished', 'quota/stored-bytes']);

/** Keeps what is said until the hub has it. */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #store: OutboxStore | undefined;
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  /** All that has not been settled, in order. */
  readonly #entries = new Set<Entry>();
  /** What waits for the number of its agent. */
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

  /** How many wait for the hub's word. */
  get size(): number {
    return this.#entries.size;
  }

  /** The number of the agent that speaks; it is filled in once there is one. */
  readonly sender = (): bigint => this.#agent ?? 0n;

  /** Takes over what an earlier process has kept. Throws `outbox/in-use`, `outbox/unreadable`. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** The agent is registered under this number: what waits for that is said. */
  async play(agent: bigint): Promise<void> {
    await this.open();
    await this.#freshen(this.#held);
    // What is said from now on comes after what waits.
    this.#agent = agent;
    for (const entry of this.#held.splice(0)) this.#perform(entry);
  }

  /** The agent is unregistered: what is said from now on waits until it is registered anew. */
  rest(): void {
    this.#agent = undefined;
  }

  /** There is a connection again: what was said meanwhile is as old as it is. */
  async resume(): Promise<void> {
    if (this.#agent !== undefined) await this.#freshen([...this.#entries]);
  }

  /** Says something, now or later. */
  perform(said: Said, settled: Settled): void {
    if (this.#end) return settled(this.#end);
    const isOffline = !this.#parts.isConnected() || this.#agent === undefined;
    const entry = this.#entryOf({ said, saidAt: Date.now(), settled, isDoubtful: !isOffline });
    if (isOffline && (this.#entries.size >= this.#maxMessages || this.#bytes + entry.bytes > this.#maxBytes)) {
      const sentence = `the outbox holds ${this.#entries.size} messages of ${this.#bytes} bytes; wait for the hub, or give it more room`;
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

  /** Takes back what cannot have been sent yet. Whether it could: then it is settled with `error`. */
  withdraw(id: string, error: AgoraError): boolean {
    for (const entry of this.#entries) {
      if (entry.said.value.id !== id || entry.isDoubtful) continue;
      this.#giveUp(entry, error);
      return true;
    }
    return false;
  }

  /** The connection is lost: what may be on its way is kept as well. */
  lost(): void {
    void this.#keep([...this.#entries].filter(entry => !entry.isKept));
  }

  /** The connection will not be back. What a store has is played when a client comes back with it. */
  end(error: AgoraError): void {
    if (this.#end) return;
    this.#end = error;
    for (const timer of this.#retries) clearTimeout(timer);
    this.#ending = this.#leaveAll(error);
  }

  /** Lets go of the store, after `end`. */
  async close(): Promise<void> {
    await this.#ending;
    await this.#store?.close();
  }

  async #open(): Promise<void> {
    const items = (await this.#store?.open()) ?? [];
    const loaded = items.flatMap(item => this.#entryOfItem(item) ?? []);
    // What is older goes first.
    const later = [...this.#entries];
    this.#entries.clear();
    this.#bytes = 0;
    for (const entry of [...loaded, ...later]) this.#add(entry);
    this.#held.unshift(...loaded);
  }

  #entryOfItem(item: KeptItem): Entry | undefined {
    const { name, warn } = this.#parts;
    try {
      const { agent, said, saidAt, isDoubtful } = readItem(item);
      if (agent === name) return this.#entryOf({ said, saidAt, isDoubtful, isKept: true, isSafe: true });
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

  #entryOf(entry: Pick<Entry, 'said' | 'saidAt' | 'isDoubtful'> & Partial<Entry>): Entry {
    return { bytes: bytesOf(entry.said), settled: undefined, isKept: false, isSafe: false, tries: 0, ...entry };
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
    entry.said.value.agent = this.#agent ?? 0n;
    if (this.#parts.isConnected()) entry.isDoubtful = true;
    this.#parts.acts.perform(entry.said, error => this.#answered(entry, error), { kept: true });
  }

  /** The hub has it, or will not have it. */
  #answered(entry: Entry, error: AgoraError | undefined): void {
    if (this.#end && error) return; // `end` tells
    if (error && entry.isKept && PASSING.has(error.code)) return this.#putOff(entry);
    if (!this.#drop(entry)) return;
    if (entry.isKept) this.#forget(entry);
    entry.settled?.(error);
    if (!entry.isKept) return;
    const note = noteOf(entry, error ? 'refused' : 'accepted');
    this.#parts.told(error ? { ...note, error } : note);
    if (!error || entry.settled) return;
    const sentence = `${note.kind} ${note.id} of the outbox was not sent: ${error.message}`;
    this.#parts.warn(new AgoraError(error.code, sentence, { cause: error }));
  }

  /** Nobody asked for it to be said at this very moment: it is said again when the quota has room. */
  #putOff(entry: Entry): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      this.#perform(entry);
    }, backoffMs(entry.tries++));
    this.#retries.add(timer);
  }

  /** It is not to be said any more. */
  #giveUp(entry: Entry, error: AgoraError): void {
    this.#parts.acts.withdraw(entry.said);
    const at = this.#held.indexOf(entry);
    if (at >= 0) this.#held.splice(at, 1);
    this.#answered(entry, error);
  }

  /** The client ends before the hub has them. */
  async #leaveAll(error: AgoraError): Promise<void> {
    await this.#keep([...this.#entries].filter(entry => !entry.isSafe));
    for (const entry of [...this.#entries]) {
      this.#drop(entry);
      if (!entry.isSafe) {
        entry.settled?.(error);
        continue;
      }
      const { name } = this.#parts;
      const sentence = `the client ended before the hub had ${entry.said.value.id}; it is in the outbox, and sent when "${name}" is back with it`;
      entry.settled?.(new AgoraError('outbox/kept', sentence, { cause: error }));
    }
  }

  /** Counts off the time that has passed from what was not sent yet, before it is. */
  async #freshen(entries: readonly Entry[]): Promise<void> {
    const changed: Entry[] = [];
    const now = Date.now();
    for (const entry of [...entries]) {
      if (entry.isDoubtful) continue;
      const age = Math.max(0, now - entry.saidAt);
      const { said } = entry;
      const isOver = said.tag === 'Send' && said.value.ttlMs > 0n && said.value.ttlMs <= BigInt(age);
      if (age > this.#maxAgeMs || isOver) {
        this.#giveUp(entry, new AgoraError('outbox/expired', `its time was over after ${age} ms without a connection`));
        continue;
      }
      entry.isDoubtful = true;
      if (said.tag !== 'Send' || (said.value.ttlMs === 0n && said.value.delayMs === 0n)) continue;
      if (said.value.ttlMs > 0n) said.value.ttlMs -= BigInt(age);
      said.value.delayMs = said.value.delayMs > BigInt(age) ? said.value.delayMs - BigInt(age) : 0n;
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
      if (isKept) this.#parts.told(noteOf(entry, 'kept'));
    }
  }

  /** Puts entries where they outlast the process. */
  async #write(entries: readonly Entry[]): Promise<void> {
    const { name, warn } = this.#parts;
    if (!this.#store || entries.length === 0) return;
    try {
      await this.open();
      const left = entries.filter(entry => this.#entries.has(entry));
      await this.#store.keep(left.map(entry => itemOf({ ...entry, agent: name })));
      for (const entry of left) entry.isSafe = true;
    } catch (cause) {
      warn(new AgoraError('outbox/not-kept', `what was said could not be kept: ${textOf(cause)}`, { cause }));
    }
  }

  #forget(entry: Entry): void {
    this.#store?.forget([entry.said.value.id]).catch((cause: unknown) => {
      // The same will be played again by the next process, and accepted once.
      this.#parts.warn(
        new AgoraError('outbox/not-kept', `the outbox could not be written: ${textOf(cause)}`, { cause }),
      );
    });
  }
}

function noteOf({ said }: Entry, what: OutboxNote['what']): OutboxNote {
  const { tag, value } = said;
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

function readLimit(option: string, given: number | undefined, otherwise: number): number {
  const limit = given ?? otherwise;
  if (limit >= 1) return limit;
  throw new AgoraError('client/bad-option', `outbox.${option} is a number from 1 on, not ${limit}`);
}
