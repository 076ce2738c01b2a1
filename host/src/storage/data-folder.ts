// What a host asks of the place its databases are kept in: databases, their names, and small secrets.

import type { Backup } from './folder-copy.ts';
import type { Storage } from './storage.ts';

/** A database that exists. */
export interface DatabaseRecord {
  readonly identity: bigint;
  readonly owner: bigint;
  /** Names that lead to it, oldest first. */
  readonly names: readonly string[];
  /** Whether its owner keeps it from being deleted. */
  readonly isLocked?: boolean | undefined;
}

/** The databases of one host. A name that once led to a database stays taken after the database is dropped. */
export interface DataFolder {
  /** The databases that exist. */
  databases(): readonly DatabaseRecord[];
  database(identity: bigint): DatabaseRecord | undefined;
  /** What a name leads to, whether or not that database still exists. */
  identityOf(name: string): bigint | undefined;

  /** Notes a new database, durably; its storage is empty. If the process ends before it is finished, it never was. */
  createDatabase(record: DatabaseRecord): Promise<void>;
  /** Notes that a database holds what it began with. From then on it is damage if its storage is empty. */
  finishDatabase(identity: bigint): Promise<void>;
  /** Whether a database was begun and not finished. */
  isUnfinished(identity: bigint): boolean;
  /** Replaces the names of a database, durably. */
  setNames(identity: bigint, names: readonly string[]): Promise<void>;
  /** Keeps a database from being deleted, or no longer, durably. */
  setLocked(identity: bigint, isLocked: boolean): Promise<void>;
  /** Opens a database's storage; the caller closes it. */
  openStorage(identity: bigint): Promise<Storage>;
  /** What to tell whoever runs the host about a kept database that cannot be opened. */
  explain(identity: bigint, cause: unknown): unknown;
  /** Removes a database and all its rows, closing its storage. */
  dropDatabase(identity: bigint): Promise<void>;

  /** A small secret, such as a signing key: read, or made and kept durably with tight permissions. */
  secret(name: string, make: () => Uint8Array): Uint8Array;

  /**
   * Makes a copy of everything as it is now, while databases go on; every commit that is durable before is in it. Throws
   * `backup/target-taken`, `backup/in-memory` or `storage/folder-unwritable`. No database may come or go meanwhile.
   */
  backup(target: string): Promise<Backup>;

  /** Lets other processes use the folder; may be called twice. */
  close(): Promise<void>;
}
