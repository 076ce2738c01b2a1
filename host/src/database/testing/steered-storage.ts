// Storage for tests with a disk controlled by hand: nothing is durable before `sync`, and `fail` breaks it.

import type { Commit } from '../../datastore/commit.ts';
import { HostError } from '../../errors.ts';
import { DurableNumber } from '../../storage/durable-number.ts';
import type { CommitExtra, FailureListener, Storage, StoredState } from '../../storage/storage.ts';

/** Storage in memory whose durability and failure the test controls. */
export class SteeredStorage implements Storage {
  readonly backlogBytes = 0;
  onFailed: FailureListener = () => {};
  failure: HostError | undefined;
  /** True while the disk is too far behind. */
  isOverloaded = false;
  readonly #durable = new DurableNumber(0);
  #waiting: Commit[] = [];
  /** True, the default, if commits become durable immediately. */
  isPrompt = true;

  load(): StoredState {
    return { commitNumber: 0, tables: [], sequences: [], clients: [] };
  }
  getMeta(): Uint8Array | undefined {
    return undefined;
  }

  append(commit: Commit, _extra?: CommitExtra): void {
    if (this.failure) throw this.failure;
    this.#durable.take(commit.number);
    this.#waiting.push(commit);
    if (this.isPrompt) this.sync();
  }

  /** Makes all appended commits durable. */
  sync(): void {
    this.#waiting = [];
    this.#durable.rise(this.#durable.taken);
  }

  /** Loses the commits that are not durable, like a full disk. */
  fail(): void {
    this.failure = new HostError('storage/write-failed', 'the disk is full');
    this.#durable.fail(this.failure);
    this.onFailed(this.failure, this.#waiting);
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
  get refusal(): HostError | undefined {
    return this.failure ?? (this.isOverloaded ? new HostError('storage/overloaded') : undefined);
  }
  whenRoom(): Promise<void> {
    return Promise.resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
