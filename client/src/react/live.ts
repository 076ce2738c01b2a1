// External stores for React: live values of a hub, subscribed while at least one component uses them.

import type { AgoraClient } from '../agora-client.ts';
import { ConnectionError, toAgoraError, type AgoraError } from '../base/errors.ts';

/** Result of a hook: the newest data, or why there is none. */
export interface Live<T> {
  readonly data: T;
  /** True once the hub has answered; before that `data` is empty. */
  readonly isReady: boolean;
  /** Why the subscription has ended. */
  readonly error: AgoraError | undefined;
}

/** Subscribes until `signal` aborts and calls `publish` with each new value. It closes what it opens. */
export type Follow<T> = (client: AgoraClient, publish: (data: T) => void, signal: AbortSignal) => Promise<void>;

/** Stores of each client by key: components with the same key share a store. */
const shared = new WeakMap<AgoraClient, SharedStores>();

/** Weak references, so that the store of a component that was never mounted can be collected. */
type SharedStores = Map<string, WeakRef<LiveStore<unknown>>>;

/** Returns the store of a client for `key`, which contains its name and options. */
export function liveStore<T>(client: AgoraClient, key: string, initial: T, follow: Follow<T>): LiveStore<T> {
  const stores: SharedStores = shared.get(client) ?? new Map<string, WeakRef<LiveStore<unknown>>>();
  shared.set(client, stores);
  const known = stores.get(key)?.deref();
  if (known) return known as LiveStore<T>; // a key always has the same types
  const made = new LiveStore(client, initial, follow, { stores, key });
  stores.set(key, new WeakRef(made));
  return made;
}

/** Entry of a store in the map of its client. */
interface StoreEntry {
  readonly stores: SharedStores;
  readonly key: string;
}

/** A store for `useSyncExternalStore`. It is subscribed from the first listener to the last, also repeatedly. */
export class LiveStore<T> {
  readonly #client: AgoraClient;
  readonly #initial: Live<T>;
  readonly #follow: Follow<T>;
  readonly #entry: StoreEntry;
  readonly #listeners = new Set<() => void>();
  #live: Live<T>;
  #running: AbortController | undefined;
  #isScheduled = false;

  constructor(client: AgoraClient, initial: T, follow: Follow<T>, entry: StoreEntry) {
    this.#client = client;
    this.#initial = { data: initial, isReady: false, error: undefined };
    this.#live = this.#initial;
    this.#follow = follow;
    this.#entry = entry;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // A separate function per call, since React may pass the same listener twice.
    const own = () => listener();
    this.#listeners.add(own);
    if (!this.#running) this.#start();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly snapshot = (): Live<T> => this.#live;

  /** Rendered on a server. */
  readonly serverSnapshot = (): Live<T> => this.#initial;

  #start(): void {
    const running = new AbortController();
    const { signal } = running;
    this.#running = running;
    const { stores, key } = this.#entry;
    if (!stores.get(key)?.deref()) stores.set(key, new WeakRef(this));
    this.#set(this.#initial);
    const publish = (data: T) => {
      if (!signal.aborted) this.#set({ data, isReady: true, error: undefined });
    };
    this.#run(publish, signal).catch((error: unknown) => {
      if (!signal.aborted) this.#set({ ...this.#live, error: toAgoraError(error) });
    });
  }

  /** Subscribes, and again after each lost connection. */
  async #run(publish: (data: T) => void, signal: AbortSignal): Promise<void> {
    for (;;) {
      await whenConnected(this.#client, signal);
      if (signal.aborted) return;
      try {
        return await this.#follow(this.#client, publish, signal);
      } catch (error) {
        if (!(error instanceof ConnectionError) || this.#client.state === 'closed') throw error;
      }
    }
  }

  #stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    const { stores, key } = this.#entry;
    if (stores.get(key)?.deref() === this) stores.delete(key);
  }

  #set(live: Live<T>): void {
    this.#live = live;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Values of one tick cause one rendering.
    setTimeout(() => {
      this.#isScheduled = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}

/** Settles once the client is connected, or `signal` aborts. Throws the error of a failed connection. */
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

/** Settles when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
