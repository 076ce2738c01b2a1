// Contract of the storage of a database's commits, with a durable implementation and one in memory.

import type { Commit } from '../datastore/commit.ts';
import type { StoredRow, StoredSequence } from '../datastore/datastore.ts';
import type { HostError } from '../errors.ts';

/** A connected client; after a crash the host must run its disconnect. */
export interface ClientRecord {
  readonly identity: bigint;
  readonly connectionId: bigint;
  /** Its JWT payload, JSON. */
  readonly claims: Uint8Array | undefined;
}

/** Data written atomically with a commit. */
export interface CommitExtra {
  readonly connected?: ClientRecord;
  /** The connection id of a disconnected client. */
  readonly disconnected?: bigint;
  /** Values to store by name; undefined removes. */
  readonly meta?: Readonly<Record<string, Uint8Array | undefined>>;
  /** Dropped tables (canonical names), whose rows and sequences are removed. */
  readonly droppedTables?: readonly string[];
}

/** A stored table. */
export interface StoredTable {
  /** Canonical name. */
  readonly name: string;
  readonly rows: Iterable<StoredRow>;
}

/** The stored state as of the last durable commit. */
export interface StoredState {
  readonly commitNumber: number;
  readonly tables: readonly StoredTable[];
  readonly sequences: readonly StoredSequence[];
  /** Clients whose disconnect was never written. */
  readonly clients: readonly ClientRecord[];
}

/** Receives the permanent failure of writing and the lost commits: those appended and not durable. */
export type FailureListener = (error: HostError, lost: readonly Commit[]) => void;

/** The commits of one database. Each is stored whole or not at all, in order. */
export interface Storage {
  /** Reads everything; call it before the first `append`. */
  load(): StoredState;

  /** A value that was appended with a commit. */
  getMeta(name: string): Uint8Array | undefined;

  /**
   * Appends a commit to the backlog; `durable` rises when it is on disk. Rows of views and of event tables are left out.
   * Throws if writing has failed before or the storage is closed.
   */
  append(commit: Commit, extra?: CommitExtra): void;

  /** The highest commit number that survives a crash. */
  readonly durable: number;
  /** Resolves when `durable` reaches the number; rejects if writing fails before. */
  whenDurable(number: number): Promise<void>;
  /** Calls `listener` each time `durable` rises (possibly inside `append`); returns a function that stops it. */
  onDurable(listener: (durable: number) => void): () => void;

  /** Called once, if a write fails; durable data can still be read. */
  set onFailed(listener: FailureListener);
  /** The permanent failure of writing, if any. */
  readonly failure: HostError | undefined;
  /** Why a commit would be refused now, if it would; read it before a transaction begins. */
  readonly refusal: HostError | undefined;
  /** Unwritten bytes. */
  readonly backlogBytes: number;
  /** Resolves when the backlog is small enough for more calls. */
  whenRoom(): Promise<void>;

  /** Writes the backlog, then releases the storage; idempotent. */
  close(): Promise<void>;
}
