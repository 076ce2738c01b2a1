// The audit of a point: every delivery is in one place, and every count that the hub keeps equals the rows it counts.

import type { Database } from '@agora/host/testing';
import { columnsOf, tableOf } from './lab.ts';

/** What was done to a database, against what its tables say. */
export class Books {
  readonly #database: Database;
  #sent = 0;
  #messages = 0;
  #deliveries = 0;
  readonly #faults = new Set<string>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** How many messages were sent in all. */
  get sent(): number {
    return this.#sent;
  }

  /** Messages were accepted, each with as many deliveries. */
  isSent(messages: number, deliveriesEach: number): void {
    this.#sent += messages;
    this.#messages += messages;
    this.#deliveries += messages * deliveriesEach;
  }

  /** Every message is stored, and every delivery waits, is offered or has ended: `offered` of them are offered. */
  check(offered: number): void {
    const ended = this.#count('ended');
    const waiting = this.#count('waiting');
    this.#expect('messages stored', this.#count('message'), this.#messages);
    this.#expect('deliveries offered', this.#count('offer'), offered);
    this.#expect('deliveries waiting, offered and ended', waiting + offered + ended, this.#deliveries);
  }

  /** What ended is forgotten, with its messages. */
  isForgotten(messages: number, ended: number): void {
    this.#messages -= messages;
    this.#deliveries -= ended;
  }

  /** Everything said to everyone up to the last number is handled by this agent. */
  checkBroadcasts(agent: bigint): void {
    const cursors = new Map(columnsOf(tableOf(this.#database, 'broadcast_cursor'), ['agent', 'handled']).map(pair));
    const heads = new Map(columnsOf(tableOf(this.#database, 'log_head'), ['log', 'last']).map(pair));
    this.#expect('is the last broadcast handled', Number(cursors.get(agent)), Number(heads.get('broadcast')));
  }

  /** What was wrong at any time, and what is now: counters against rows. Nothing, if all is well. */
  faults(): string[] {
    const held = countBy(columnsOf(tableOf(this.#database, 'offer'), ['agent']));
    const waiting = countBy(columnsOf(tableOf(this.#database, 'waiting'), ['agent']));
    const rows = columnsOf(tableOf(this.#database, 'mailbox'), ['agent', 'name', 'held', 'waiting']);
    for (const [agent, name, heldThere, waitingThere] of rows) {
      this.#expect(`deliveries held, says the mailbox of ${String(name)}`, Number(heldThere), held.get(agent) ?? 0);
      this.#expect(`deliveries waiting, says that of ${String(name)}`, Number(waitingThere), waiting.get(agent) ?? 0);
    }
    let unfinished = 0;
    for (const [count] of columnsOf(tableOf(this.#database, 'account'), ['unfinished'])) unfinished += Number(count);
    const open = this.#count('offer') + this.#count('waiting');
    this.#expect('deliveries unfinished, say the accounts of the senders', unfinished, open);
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
