// What a database asks of the place its commits are kept in: one contract, a durable sibling and one in memory.

import type { Commit } from '../datastore/commit.ts';
import type { StoredRow, StoredSequence } from '../datastore/datastore.ts';
import type { HostError } from '../errors.ts';

/** A client that was connected: who must be disconnected if the process ends before it leaves. */
export interface ClientRecord {
  readonly identity: bigint;
  readonly connectionId: bigint;
  /** Its JWT payload, JSON. */
  readonly claims: Uint8Array | undefined;
}

/** What is written in one piece with a commit. */
export interface CommitExtra {
  readonly connected?: ClientRecord;
  /** The connection id of a client that left. */
  readonly disconnected?: bigint;
  /** Values to keep under a name; undefined removes. */
  readonly meta?: Readonly<Record<string, Uint8Array | undefined>>;
  /** Tables (canonical names) that are gone: their rows and sequences are removed. */
  readonly droppedTables?: readonly string[];
}

/** A table as it was kept. */
export interface StoredTable {
  /** Canonical name. */
  readonly name: string;
  readonly rows: Iterable<StoredRow>;
}

/** All that was kept, as of the last durable commit. */
export interface StoredState {
  readonly commitNumber: number;
  readonly tables: readonly StoredTable[];
  readonly sequences: readonly StoredSequence[];
  /** Clients whose leaving was never written. */
  readonly clients: readonly ClientRecord[];
}

/** Hears that writing has failed for good, and which commits are lost: all that were handed in and are not durable. */
export type FailureListener = (error: HostError, lost: readonly Commit[]) => void;

/** One database's commits. Each is kept whole or not at all, and in order. */
export interface Storage {
  /** Reads everything; call it before the first `append`. */
  load(): StoredState;

  /** A value that was kept with a commit. */
  getMeta(name: string): Uint8Array | undefined;

  /**
   * Takes a commit in; what waits is written together, and `durable` rises when it is on disk. Rows of views and of
   * event tables are left out. Throws when writing has failed before, or the storage is closed.
   */
  append(commit: Commit, extra?: CommitExtra): void;

  /** The highest commit number that a crash can no longer take. */
  readonly durable: number;
  /** Resolves when `durable` reaches the number; rejects if writing fails before. */
  whenDurable(number: number): Promise<void>;
  /** Calls back each time `durable` rises (possibly inside `append`); returns how to stop. */
  onDurable(listener: (durable: number) => void): () => void;

  /** Called once, if a write fails; what is durable can still be read. */
  set onFailed(listener: FailureListener);
  /** Why nothing will ever be written again, if so. */
  readonly failure: HostError | undefined;
  /** Why nothing more can be written, if so: ask before a transaction begins. */
  readonly refusal: HostError | undefined;
  /** Bytes that wait to be written. */
  readonly backlogBytes: number;
  /** Resolves when the backlog is small enough to take in more calls. */
  whenRoom(): Promise<void>;

  /** Writes what waits, then lets go; may be called twice. */
  close(): Promise<void>;
}
