// Something of a hub as React reads it: a value that changes, followed while at least one component looks at it.

import type { AgoraClient } from '../agora-client.ts';
import { ConnectionError, toAgoraError, type AgoraError } from '../base/errors.ts';

/** What a hook returns: the newest that is known, whether it has come at all, and what went wrong. */
export interface Live<T> {
  readonly data: T;
  /** Whether the hub has answered; before that `data` is empty. */
  readonly isReady: boolean;
  /** Why it is followed no longer. */
  readonly error: AgoraError | undefined;
}

/** Follows something until `signal` is aborted, and tells what it is now. What it opens it closes itself. */
export type Follow<T> = (client: AgoraClient, tell: (data: T) => void, signal: AbortSignal) => Promise<void>;

/** What is followed of each client, by what it is: components that look at the same share it. */
const shared = new WeakMap<AgoraClient, SharedStores>();

/** A store that was made for a component that never came to be is held by nobody else. */
type SharedStores = Map<string, WeakRef<LiveStore<unknown>>>;

/** The store of something of a client. `key` says what it is, with all its options. */
export function liveStore<T>(client: AgoraClient, key: string, initial: T, follow: Follow<T>): LiveStore<T> {
  const stores: SharedStores = shared.get(client) ?? new Map<string, WeakRef<LiveStore<unknown>>>();
  shared.set(client, stores);
  const known = stores.get(key)?.deref();
  if (known) return known as LiveStore<T>; // what has this key was made with the same types
  const made = new LiveStore(client, initial, follow, { stores, key });
  stores.set(key, new WeakRef(made));
  return made;
}

/** Where a store is found by others, while it is followed. */
interface Place {
  readonly stores: SharedStores;
  readonly key: string;
}

/** A store for `useSyncExternalStore`. Follows from the first subscriber on until the last has gone, as often as that is. */
export class LiveStore<T> {
  readonly #client: AgoraClient;
  readonly #initial: Live<T>;
  readonly #follow: Follow<T>;
  readonly #place: Place;
  readonly #listeners = new Set<() => void>();
  #live: Live<T>;
  #running: AbortController | undefined;
  #isToBeTold = false;

  constructor(client: AgoraClient, initial: T, follow: Follow<T>, place: Place) {
    this.#client = client;
    this.#initial = { data: initial, isReady: false, error: undefined };
    this.#live = this.#initial;
    this.#follow = follow;
    this.#place = place;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // Each call counts for itself, also with the same function.
    const tell = () => listener();
    this.#listeners.add(tell);
    if (!this.#running) this.#start();
    return () => {
      this.#listeners.delete(tell);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly snapshot = (): Live<T> => this.#live;

  /** What is rendered where nothing can be followed. */
  readonly serverSnapshot = (): Live<T> => this.#initial;

  #start(): void {
    const running = new AbortController();
    const { signal } = running;
    this.#running = running;
    const { stores, key } = this.#place;
    if (!stores.get(key)?.deref()) stores.set(key, new WeakRef(this));
    this.#set(this.#initial);
    const tell = (data: T) => {
      if (!signal.aborted) this.#set({ data, isReady: true, error: undefined });
    };
    this.#run(tell, signal).catch((error: unknown) => {
      if (!signal.aborted) this.#set({ ...this.#live, error: toAgoraError(error) });
    });
  }

  /** Follows again what a lost connection has ended, once there is another. */
  async #run(tell: (data: T) => void, signal: AbortSignal): Promise<void> {
    for (;;) {
      await whenConnected(this.#client, signal);
      if (signal.aborted) return;
      try {
        return await this.#follow(this.#client, tell, signal);
      } catch (error) {
        if (!(error instanceof ConnectionError) || this.#client.state === 'closed') throw error;
      }
    }
  }

  #stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    const { stores, key } = this.#place;
    if (stores.get(key)?.deref() === this) stores.delete(key);
  }

  #set(live: Live<T>): void {
    this.#live = live;
    if (this.#isToBeTold) return;
    this.#isToBeTold = true;
    // What comes in one go is rendered once.
    setTimeout(() => {
      this.#isToBeTold = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}

/** Settles once the client is connected, or `signal` is aborted. Throws what keeps it from ever being. */
async function whenConnected(client: AgoraClient, signal: AbortSignal): Promise<void> {
  if (client.state === 'connected' || signal.aborted) return;
  if (client.state === 'closed') throw new ConnectionError('client/closed', 'the client was closed');
  await new Promise<void>((resolve, reject) => {
    const stop = client.on('connection', ({ state, error }) => {
      if (state === 'connecting' || state === 'reconnecting') return;
      stop();
      if (state === 'connected') resolve();
      else reject(error ?? new ConnectionError('client/closed', 'the client was closed'));
    });
    signal.addEventListener('abort', () => (stop(), resolve()), { once: true });
  });
}

/** Settles when `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
