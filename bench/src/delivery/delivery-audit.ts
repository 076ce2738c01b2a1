// Audit of a point: every delivery is in exactly one table, and every counter of the hub equals its number of rows.

import type { Database } from '@agora/host/testing';
import { columnsOf, tableOf } from './lab.ts';

/** Compares the acts on a database with its tables. */
export class DeliveryAudit {
  readonly #database: Database;
  #sent = 0;
  #messages = 0;
  #deliveries = 0;
  readonly #faults = new Set<string>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Number of messages sent in all. */
  get sent(): number {
    return this.#sent;
  }

  /** Records accepted messages and the deliveries of each. */
  recordSent(messages: number, deliveriesEach: number): void {
    this.#sent += messages;
    this.#messages += messages;
    this.#deliveries += messages * deliveriesEach;
  }

  /** Checks that every message is stored, and every delivery waits, is offered (`offered` of them) or has ended. */
  check(offered: number): void {
    const ended = this.#count('ended');
    const waiting = this.#count('waiting');
    this.#expect('messages stored', this.#count('message'), this.#messages);
    this.#expect('deliveries offered', this.#count('offer'), offered);
    this.#expect('deliveries waiting, offered and ended', waiting + offered + ended, this.#deliveries);
  }

  /** Records removed messages and ended deliveries. */
  recordRemoved(messages: number, ended: number): void {
    this.#messages -= messages;
    this.#deliveries -= ended;
  }

  /** Checks that this agent has handled all broadcasts. */
  checkBroadcasts(agent: bigint): void {
    const cursors = new Map(columnsOf(tableOf(this.#database, 'broadcast_cursor'), ['agent', 'handled']).map(pair));
    const heads = new Map(columnsOf(tableOf(this.#database, 'log_head'), ['log', 'last']).map(pair));
    this.#expect('is the last broadcast handled', Number(cursors.get(agent)), Number(heads.get('broadcast')));
  }

  /** Returns all recorded faults, and counters that differ from their rows. */
  faults(): string[] {
    const held = countBy(columnsOf(tableOf(this.#database, 'offer'), ['agent']));
    const waiting = countBy(columnsOf(tableOf(this.#database, 'waiting'), ['agent']));
    const rows = columnsOf(tableOf(this.#database, 'mailbox'), ['agent', 'name', 'held', 'waiting']);
    for (const [agent, name, heldThere, waitingThere] of rows) {
      this.#expect(`deliveries held in the mailbox of ${String(name)}`, Number(heldThere), held.get(agent) ?? 0);
      this.#expect(
        `deliveries waiting in the mailbox of ${String(name)}`,
        Number(waitingThere),
        waiting.get(agent) ?? 0,
      );
    }
    let unfinished = 0;
    for (const [count] of columnsOf(tableOf(this.#database, 'account'), ['unfinished'])) unfinished += Number(count);
    const open = this.#count('offer') + this.#count('waiting');
    this.#expect('deliveries unfinished in the accounts of the senders', unfinished, open);
    return [...this.#faults];
  }

  #count(table: string): number {
    return tableOf(this.#database, table).count;
  }

  #expect(what: string, is: number, should: number): void {
    if (is !== should) this.#faults.add(`${is} ${what}, not ${should}`);
  }
}

function pair([key, value]: readonly unknown[]): [unknown, unknown] {
  return [key, value];
}

function countBy(rows: Iterable<readonly unknown[]>): Map<unknown, number> {
  const counts = new Map<unknown, number>();
  for (const [key] of rows) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
