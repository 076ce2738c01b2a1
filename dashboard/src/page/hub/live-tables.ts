// Rows of the subscriptions that the page shows now, as snapshots that change at most once a frame. A subscription is open while
// a component holds it, and opens again on every later connection.

import type { DbConnection } from '@agora/bindings';

/** How the snapshot of each table is read; the feed is collected from its inserts. */
const READ = {
  agent: (db: DbConnection) => [...db.db.agent.iter()],
  claim: (db: DbConnection) => [...db.db.claim.iter()],
  myInbox: (db: DbConnection) => [...db.db.myInbox.iter()],
  myWorkflows: (db: DbConnection) => [...db.db.myWorkflows.iter()],
  hubStatus: (db: DbConnection) => [...db.db.hubStatus.iter()],
} as const;

/** A table or view that the page may show. */
export type Table = keyof typeof READ;
/** A row of a table. */
export type Row<Name extends Table> = ReturnType<(typeof READ)[Name]>[number];
export type AgentRow = Row<'agent'>;
export type ClaimRow = Row<'claim'>;
export type InboxRow = Row<'myInbox'>;
export type CountersRow = Row<'hubStatus'>;
/** An event of the hub. */
export type EventRow = Parameters<Parameters<DbConnection['db']['eventFeed']['onInsert']>[0]>[1];

/** Newest events that are kept for the pages. */
const MAX_EVENTS = 2_000;
/** A subscription that no component holds stays open for this long: the next page may want it. */
const LINGER_MS = 1_500;
/** A big table is shown again at most this often, so that its sorting takes a small part of the time. */
const BIG_ROWS = 2_000;
const BIG_PAUSE_MS = 200;
export const EVENTS_QUERY = 'SELECT * FROM event_feed';

interface Held {
  readonly query: string;
  holders: number;
  isApplied: boolean;
  close: (() => void) | undefined;
  refusal: string | undefined;
}

type Rows = { readonly [Name in Table]?: readonly Row<Name>[] };

/** The live tables of one hub, over all of its connections. */
export class LiveTables {
  readonly #held = new Map<string, Held>();
  readonly #listeners = new Set<() => void>();
  readonly #pulses = new Set<() => void>();
  readonly #dirty = new Set<Table>();
  #rows: Rows = {};
  #events: readonly EventRow[] = [];
  #arrived: EventRow[] = [];
  #db: DbConnection | undefined;
  #isScheduled = false;
  #counters = '';
  /** Counts up with every change that a page may want to read again for. */
  #pulse = 0;
  #pulseTimer: ReturnType<typeof setTimeout> | undefined;

  /** Opens all held subscriptions on a new connection. */
  open(db: DbConnection): void {
    this.#db = db;
    for (const name of ['agent', 'claim', 'myInbox', 'myWorkflows', 'hubStatus'] as const) {
      const changed = () => this.#changed(name);
      db.db[name].onInsert(changed);
      db.db[name].onDelete(changed);
      db.db[name].onUpdate(changed);
      this.#dirty.add(name);
    }
    db.db.eventFeed.onInsert((_, row) => {
      this.#arrived.push(row);
      if (this.#arrived.length > MAX_EVENTS) this.#arrived.splice(0, this.#arrived.length - MAX_EVENTS);
      this.#schedule();
      this.beat();
    });
    for (const held of this.#held.values()) this.#subscribe(held);
    this.beat();
  }

  close(): void {
    this.#db = undefined;
    clearTimeout(this.#pulseTimer);
    this.#listeners.clear();
    this.#pulses.clear();
  }

  /** Holds a subscription open until the returned function is called. */
  hold(query: string): () => void {
    const held = this.#held.get(query) ?? { query, holders: 0, isApplied: false, close: undefined, refusal: undefined };
    held.holders++;
    if (!this.#held.has(query)) {
      this.#held.set(query, held);
      this.#subscribe(held);
    }
    return () => {
      held.holders--;
      setTimeout(() => {
        if (held.holders > 0 || this.#held.get(query) !== held) return;
        this.#held.delete(query);
        held.close?.();
      }, LINGER_MS);
    };
  }

  /** True once the rows of a held subscription are there. */
  isApplied(query: string): boolean {
    return this.#held.get(query)?.isApplied ?? false;
  }

  rows<Name extends Table>(name: Name): readonly Row<Name>[] {
    return this.#rows[name] ?? EMPTY; // each name has the rows of that table
  }

  /** The events since the page was opened, oldest first. */
  get events(): readonly EventRow[] {
    return this.#events;
  }

  get pulse(): number {
    return this.#pulse;
  }

  readonly onRows = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly onPulse = (listener: () => void): (() => void) => {
    this.#pulses.add(listener);
    return () => this.#pulses.delete(listener);
  };

  /** Lets pages read again what is no table: soon, and at most a few times a second. */
  beat(): void {
    this.#pulseTimer ??= setTimeout(() => {
      this.#pulseTimer = undefined;
      this.#pulse++;
      for (const listener of [...this.#pulses]) listener();
    }, 150);
  }

  #subscribe(held: Held): void {
    const db = this.#db;
    if (!db) return;
    held.isApplied = false;
    const handle = db
      .subscriptionBuilder()
      .onApplied(() => {
        held.isApplied = true;
        this.#schedule();
      })
      .onError(context => {
        held.refusal = context.event?.message ?? 'the subscription was refused';
        this.#schedule();
      })
      .subscribe(held.query);
    held.close = () => {
      if (this.#db === db && handle.isActive()) handle.unsubscribe();
    };
  }

  #changed(name: Table): void {
    this.#dirty.add(name);
    this.#schedule();
    if (name === 'myInbox' || name === 'myWorkflows') this.beat();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const isBig = [...this.#dirty].some(name => this.rows(name).length > BIG_ROWS);
    // A hidden page has no frames.
    if (isBig || document.hidden) setTimeout(this.#flush, BIG_PAUSE_MS);
    else requestAnimationFrame(this.#flush);
  }

  readonly #flush = () => {
    this.#isScheduled = false;
    const db = this.#db;
    if (!db) return;
    const next: { [Name in Table]?: readonly Row<Name>[] } = { ...this.#rows };
    for (const name of this.#dirty) Object.assign(next, { [name]: READ[name](db) });
    this.#dirty.clear();
    this.#rows = next;
    if (this.#arrived.length > 0) {
      this.#events = [...this.#events, ...this.#arrived].slice(-MAX_EVENTS);
      this.#arrived = [];
    }
    this.#watchCounters();
    for (const listener of [...this.#listeners]) listener();
  };

  /** The counters of an operator change with every message: a reason to read again, except for their time. */
  #watchCounters(): void {
    const [row] = this.rows('hubStatus');
    if (!row) return;
    const { at: _, ...counts } = row;
    const text = Object.values(counts).join();
    if (text !== this.#counters) this.beat();
    this.#counters = text;
  }
}

const EMPTY: readonly never[] = [];
