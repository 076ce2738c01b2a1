// Timed rows: due times of the rows of scheduled tables. The rows are the source of truth; the queue only holds times.
//
// I1  A row that was deleted or replaced before its due time does not fire.
// I2  Only committed rows are queued: a row that was rolled back never fires.
// I3  An interval stays on the grid of its last intended time; missed ticks are skipped. A new process, and a replaced
//     module, begins a new grid, as on SpacetimeDB.
// I4  A row that could not run because of the host stays due, and is tried again.

import type { Commit } from '../datastore/commit.ts';
import type { Datastore } from '../datastore/datastore.ts';
import type { Row } from '../datastore/row.ts';
import { type Table, type Index } from '../datastore/table.ts';
import { assert, HostError } from '../errors.ts';
import type { ScheduleDef } from '../schema/definition.ts';
import type { Timer, World } from '../world.ts';
import { RETRY_MS } from './deferred-writes.ts';
import { DueQueue } from './due-queue.ts';

/** Maximum delay of a row, in microseconds. */
const MAX_DELAY_MICROS = (64n ** 6n - 1n) * 1000n;

/** Rows that run before clients get a turn. */
const MAX_RUNS_PER_TURN = 64;

/** Maximum delay between two attempts; the delay doubles from `RETRY_MS`. */
const MAX_RETRY_MS = 60_000;

/** Stale entries are removed when the queue has more of them than this, plus the number of rows. */
const MAX_STALE = 1024;

interface ScheduledTable {
  readonly table: Table;
  readonly def: ScheduleDef;
  readonly primary: Index;
  /** The queued entry of each row, by primary key. */
  readonly waiting: Map<string, Entry>;
}

interface Entry {
  readonly scheduled: ScheduledTable;
  readonly key: string;
  /** The time to run it: later than intended after a failed attempt. */
  readonly dueAt: bigint;
  readonly intendedAt: bigint;
  readonly attempts: number;
}

/** A due row. */
export interface Firing {
  readonly table: Table;
  /** Source name of the reducer or procedure. */
  readonly functionName: string;
  /** The row as it is now. */
  readonly row: Row;
  /** The due time. */
  readonly intendedAt: bigint;
  /** The row to delete with the run, if it still exists and runs only once. */
  spent(): Row | undefined;
}

/** The parts that schedules use. */
export interface SchedulesHost {
  readonly world: World;
  /** Returns true if commits are accepted now; nothing runs otherwise. */
  isWritable(): boolean;
  /** Runs the function of a row. Returns false if the host failed and the row must run again. Must not throw. */
  run(firing: Firing): boolean;
}

/** Fires due rows. One timer waits for the earliest. */
export class Schedules {
  readonly #host: SchedulesHost;
  readonly #world: World;
  #tables = new Map<Table, ScheduledTable>();
  #queue = new DueQueue<Entry>();
  #timer: Timer | undefined;
  #timerDueAt = 0n;
  #isRunning = false;
  #isStarted = false;

  constructor(host: SchedulesHost) {
    this.#host = host;
    this.#world = host.world;
  }

  /** Replaces the queue by all rows of a datastore; nothing fires before `start`. */
  watch(datastore: Datastore): void {
    this.#tables = new Map();
    this.#queue = new DueQueue();
    const now = this.#world.now();
    for (const tableDef of datastore.def.tables) {
      const { schedule } = tableDef;
      const table = datastore.tableByName(tableDef.name);
      if (!schedule || !table) continue;
      const primary = table.indexes.find(index => index.isUnique && index.def.columns[0] === tableDef.primaryKey);
      assert(primary, `the scheduled table ${tableDef.name} has an index on its primary key`);
      const scheduled: ScheduledTable = { table, def: schedule, primary, waiting: new Map() };
      this.#tables.set(table, scheduled);
      for (const row of table.rows()) this.#queueRow(scheduled, row, now);
    }
    this.#arm();
  }

  /** Starts firing rows. */
  start(): void {
    this.#isStarted = true;
    this.#arm();
  }

  stop(): void {
    this.#isStarted = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Throws `schedule/too-far` for a row beyond the maximum delay. */
  check(table: Table, row: Uint8Array): void {
    const scheduled = this.#tables.size === 0 ? undefined : this.#tables.get(table);
    if (!scheduled) return;
    const at = timeOf(scheduled, row);
    const delay = at.isInterval ? at.micros : at.micros - this.#world.now();
    if (delay >= MAX_DELAY_MICROS) throw new HostError('schedule/too-far');
  }

  /** Updates the queue by the changes of a commit. */
  note(commit: Commit): void {
    if (this.#tables.size === 0) return;
    let now: bigint | undefined;
    for (const { table, inserts, deletes } of commit.changes) {
      const scheduled = this.#tables.get(table);
      if (!scheduled) continue;
      for (const row of deletes) scheduled.waiting.delete(scheduled.primary.keyOf(row.bytes));
      now ??= this.#world.now();
      for (const row of inserts) this.#queueRow(scheduled, row, now);
    }
    if (now === undefined) return;
    this.#removeStale();
    if (!this.#isRunning) this.#arm();
  }

  #queueRow(scheduled: ScheduledTable, row: Row, now: bigint): void {
    const at = timeOf(scheduled, row.bytes);
    this.#wait(scheduled, scheduled.primary.keyOf(row.bytes), at.isInterval ? now + at.micros : at.micros);
  }

  #wait(scheduled: ScheduledTable, key: string, intendedAt: bigint, dueAt = intendedAt, attempts = 0): void {
    const entry: Entry = { scheduled, key, dueAt, intendedAt, attempts };
    scheduled.waiting.set(key, entry);
    this.#queue.push(entry);
  }

  #removeStale(): void {
    let rows = 0;
    for (const { waiting } of this.#tables.values()) rows += waiting.size;
    if (this.#queue.size > 2 * rows + MAX_STALE) this.#queue.retain(isWaiting);
  }

  #arm(): void {
    if (!this.#isStarted) return;
    let next = this.#queue.peek();
    while (next && !isWaiting(next)) {
      this.#queue.pop();
      next = this.#queue.peek();
    }
    if (this.#timer && next && next.dueAt === this.#timerDueAt) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!next) return;
    this.#timerDueAt = next.dueAt;
    // Rounded up, so that the timer never fires early.
    const delayMs = Number((next.dueAt - this.#world.now() + 999n) / 1000n);
    this.#setTimer(Math.max(0, delayMs));
  }

  #setTimer(delayMs: number): void {
    this.#timer = this.#world.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.#fire();
    });
  }

  #fire(): void {
    if (!this.#isStarted) return;
    if (!this.#host.isWritable()) {
      this.#setTimer(RETRY_MS);
      return;
    }
    this.#isRunning = true;
    try {
      for (let runs = 0; runs < MAX_RUNS_PER_TURN;) {
        const entry = this.#queue.peek();
        if (!entry || entry.dueAt > this.#world.now() || !this.#isStarted || !this.#host.isWritable()) break;
        this.#queue.pop();
        if (!isWaiting(entry)) continue;
        runs++;
        this.#runEntry(entry);
      }
    } finally {
      this.#isRunning = false;
      this.#arm();
    }
  }

  #runEntry(entry: Entry): void {
    const { scheduled, key, intendedAt, attempts } = entry;
    const { table, def, primary, waiting } = scheduled;
    const row = primary.first(key);
    if (!row) {
      waiting.delete(key);
      return;
    }
    const spent = () => {
      const now = primary.first(key);
      return now && !timeOf(scheduled, now.bytes).isInterval ? now : undefined;
    };
    const hasRun = this.#host.run({ table, functionName: def.functionName, row, intendedAt, spent });
    const after = primary.first(key);
    // A replacement of the row was queued by its commit.
    if (!after || waiting.get(key) !== entry) return;
    const now = this.#world.now();
    const at = timeOf(scheduled, after.bytes);
    if (hasRun && at.isInterval) this.#wait(scheduled, key, nextTick(intendedAt, at.micros, now));
    else if (hasRun) waiting.delete(key);
    else {
      const delayMs = Math.min(RETRY_MS * 2 ** attempts, MAX_RETRY_MS);
      this.#wait(scheduled, key, intendedAt, now + BigInt(delayMs * 1000), attempts + 1);
    }
  }
}

function isWaiting(entry: Entry): boolean {
  return entry.scheduled.waiting.get(entry.key) === entry;
}

/** The first time after now on the grid of an interval; an interval of 0 is always due. */
function nextTick(last: bigint, interval: bigint, now: bigint): bigint {
  if (interval === 0n) return now;
  const next = last + interval;
  return next > now ? next : next + ((now - next) / interval + 1n) * interval;
}

/** The ScheduleAt column of a row: an interval (its absolute value) or a point in time. */
function timeOf({ table, def }: ScheduledTable, row: Uint8Array): { isInterval: boolean; micros: bigint } {
  const bytes = table.layout.columnBytes(row, def.atColumn);
  const micros = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigInt64(1, true);
  const isInterval = bytes[0] === 0;
  return { isInterval, micros: isInterval && micros < 0n ? -micros : micros };
}
