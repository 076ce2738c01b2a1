// One hub as the page sees it: a connection that comes back, subscriptions of what is shown, and calls with codes.

import { DbConnection } from '@agora/bindings';
import { CONTRACT_VERSION } from '@agora/module/contract';
import { type Identity, setGlobalLogLevel } from 'spacetimedb';
import { installClosures } from './closures.ts';
import { LiveTables } from './live-tables.ts';
import { Refusal, toRefusal } from './refusal.ts';
import { explainClose, type HubAddress, socketFactory, swapToken } from './socket.ts';

setGlobalLogLevel('error');
installClosures();

/** Longer than this, a call has failed. */
const CALL_MS = 15_000;
const FIRST_PAUSE_MS = 300;
const MAX_PAUSE_MS = 5_000;
/** `hubStatus` is refreshed for a minute after each request. */
const WATCH_MS = 40_000;
/** Refusals that no further attempt can change. */
const FINAL = new Set([
  'connection/bad-token',
  'hub/not-admitted',
  'connection/no-database',
  'connection/other-version',
]);

/** The state of the connection. */
export type Phase =
  | { readonly name: 'connecting' }
  | { readonly name: 'connected' }
  /** Without a connection since a time; another attempt follows. */
  | { readonly name: 'lost'; readonly since: number }
  | { readonly name: 'refused'; readonly refusal: Refusal };

/** Who the token is. */
export interface Me {
  readonly identity: Identity;
  readonly isOperator: boolean;
}

/** A hub, until it is closed. */
export class Hub {
  readonly tables: LiveTables;
  readonly #address: HubAddress;
  readonly #token: string;
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<(refusal: Refusal) => void>();
  #phase: Phase = { name: 'connecting' };
  #me: Me | undefined;
  #db: DbConnection | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isClosed = false;

  constructor(address: HubAddress, token: string) {
    this.#address = address;
    this.#token = token;
    this.tables = new LiveTables();
    addEventListener('online', this.#now);
    void this.#open();
  }

  get phase(): Phase {
    return this.#phase;
  }
  /** Undefined before the first connection. */
  get me(): Me | undefined {
    return this.#me;
  }

  readonly onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Runs a call of the module. Throws a `Refusal`. */
  call<T>(start: (db: DbConnection) => Promise<T>): Promise<T> {
    const db = this.#db;
    if (!db) return Promise.reject(new Refusal('connection/lost', 'There is no connection to the hub.'));
    return new Promise<T>((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(fail);
      };
      const fail = (refusal: Refusal) => {
        end();
        reject(refusal);
      };
      const timer = setTimeout(() => fail(new Refusal('call/timed-out', 'The hub did not answer in time.')), CALL_MS);
      this.#waiting.add(fail);
      try {
        start(db).then(
          value => {
            end();
            resolve(value);
          },
          (thrown: unknown) => fail(toRefusal(thrown)),
        );
      } catch (thrown) {
        fail(toRefusal(thrown));
      }
    });
  }

  close(): void {
    this.#isClosed = true;
    removeEventListener('online', this.#now);
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#db?.disconnect();
    this.#db = undefined;
    this.tables.close();
  }

  readonly #now = () => {
    if (this.#phase.name !== 'lost') return;
    clearTimeout(this.#timer);
    void this.#open();
  };

  async #open(): Promise<void> {
    try {
      const swapped = await swapToken(this.#address, this.#token);
      if (this.#isClosed) return;
      this.#connect(swapped);
    } catch (error) {
      this.#lost(toRefusal(error));
    }
  }

  #connect(swapped: string): void {
    let isOpen = false;
    let hasEnded = false;
    const ended = () => {
      if (hasEnded) return;
      hasEnded = true;
      if (isOpen) this.#lost(new Refusal('connection/lost', 'The connection to the hub was lost.'));
      else void explainClose(this.#address, this.#token).then(refusal => this.#lost(refusal));
    };
    const otherVersion = () => {
      hasEnded = true;
      this.#lost(new Refusal('connection/other-version', 'The hub has another version than this page: reload it.'));
    };
    DbConnection.builder()
      .withUri(this.#address.base)
      .withDatabaseName(this.#address.database)
      .withCompression('none')
      .withWSFn(socketFactory(this.#address, swapped, otherVersion))
      .onConnect((db, identity) => {
        if (this.#isClosed) return db.disconnect();
        isOpen = true;
        this.#db = db;
        void this.#begin(db, identity);
      })
      .onConnectError(ended)
      .onDisconnect(ended)
      .build();
  }

  /** Learns who the token is, then opens the subscriptions. */
  async #begin(db: DbConnection, identity: Identity): Promise<void> {
    try {
      const [version, isOperator] = await Promise.all([
        this.call(({ procedures }) => procedures.contractVersion({})),
        this.call(({ procedures }) => procedures.hubOverview({})).then(
          () => true,
          (error: unknown) => {
            if (toRefusal(error).code === 'operator/required') return false;
            throw error;
          },
        ),
      ]);
      if (Number(version) !== CONTRACT_VERSION) {
        throw new Refusal('connection/other-version', 'The hub has another version than this page: reload it.');
      }
      if (this.#db !== db) return;
      this.#me = { identity, isOperator };
      this.#pauseMs = FIRST_PAUSE_MS;
      this.tables.open(db);
      if (isOperator) this.#watchCounters();
      this.#set({ name: 'connected' });
    } catch (error) {
      if (this.#db === db) this.#lost(toRefusal(error));
    }
  }

  #watchCounters(): void {
    const watch = () => {
      if (this.#db) this.call(({ reducers }) => reducers.watchHub({})).catch(() => undefined);
    };
    clearInterval(this.#watch);
    this.#watch = setInterval(watch, WATCH_MS);
    watch();
  }

  #lost(refusal: Refusal): void {
    if (this.#isClosed) return;
    const db = this.#db;
    this.#db = undefined;
    db?.disconnect();
    for (const fail of [...this.#waiting]) fail(refusal);
    clearTimeout(this.#timer);
    if (FINAL.has(refusal.code)) return this.#set({ name: 'refused', refusal });
    if (this.#phase.name !== 'lost') this.#set({ name: 'lost', since: Date.now() });
    // Jitter: not all pages return in the same moment.
    this.#timer = setTimeout(() => void this.#open(), this.#pauseMs * (0.5 + Math.random()));
    this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
  }

  #set(phase: Phase): void {
    this.#phase = phase;
    for (const listener of [...this.#listeners]) listener();
  }
}
