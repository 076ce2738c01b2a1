// Storage without a disk: a database that lasts as long as the process, and whose commits are durable immediately.

import type { Commit } from '../datastore/commit.ts';
import { HostError } from '../errors.ts';
import { DurableNumber } from './durable-number.ts';
import type { CommitExtra, FailureListener, Storage, StoredState } from './storage.ts';

/** The implementation in memory. */
class MemoryStorage implements Storage {
  readonly backlogBytes = 0;
  /** Never called: writing cannot fail. */
  onFailed: FailureListener = () => {};
  readonly #durable = new DurableNumber(0);
  readonly #meta = new Map<string, Uint8Array>();
  #refusal: HostError | undefined;

  load(): StoredState {
    return { commitNumber: 0, tables: [], sequences: [], clients: [] };
  }

  getMeta(name: string): Uint8Array | undefined {
    return this.#meta.get(name);
  }

  append(commit: Commit, extra: CommitExtra = {}): void {
    if (this.#refusal) throw this.#refusal;
    for (const [name, value] of Object.entries(extra.meta ?? {})) {
      if (value) this.#meta.set(name, value);
      else this.#meta.delete(name);
    }
    this.#durable.take(commit.number);
    this.#durable.rise(commit.number);
  }

  get durable(): number {
    return this.#durable.current;
  }
  whenDurable(number: number): Promise<void> {
    return this.#durable.when(number);
  }
  onDurable(listener: (durable: number) => void): () => void {
    return this.#durable.listen(listener);
  }

  get failure(): HostError | undefined {
    return this.#refusal;
  }
  get refusal(): HostError | undefined {
    return this.#refusal;
  }
  whenRoom(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#refusal ??= new HostError('database/closed');
    return Promise.resolve();
  }
}

/** Creates a storage that keeps no rows. */
export function createMemoryStorage(): Storage {
  return new MemoryStorage();
}
