// Contract of the data folder of a host: its databases, their names, and small secrets.

import type { Backup } from './folder-copy.ts';
import type { Storage } from './storage.ts';

/** A database that exists. */
export interface DatabaseRecord {
  readonly identity: bigint;
  readonly owner: bigint;
  /** Names that lead to it, oldest first. */
  readonly names: readonly string[];
  /** True if its owner protects it from deletion. */
  readonly isLocked?: boolean | undefined;
}

/** The databases of one host. The names of a dropped database stay reserved. */
export interface DataFolder {
  /** The databases that exist. */
  databases(): readonly DatabaseRecord[];
  database(identity: bigint): DatabaseRecord | undefined;
  /** The database of a name, even if it no longer exists. */
  identityOf(name: string): bigint | undefined;

  /** Records a new database, durably; its storage is empty. If the process ends before `finishDatabase`, it is removed. */
  createDatabase(record: DatabaseRecord): Promise<void>;
  /** Records that a database has its initial content. From then on an empty storage is damage. */
  finishDatabase(identity: bigint): Promise<void>;
  /** Returns true for a database that was created and not finished. */
  isUnfinished(identity: bigint): boolean;
  /** Replaces the names of a database, durably. */
  setNames(identity: bigint, names: readonly string[]): Promise<void>;
  /** Protects a database from deletion, or ends the protection, durably. */
  setLocked(identity: bigint, isLocked: boolean): Promise<void>;
  /** Opens a database's storage; the caller closes it. */
  openStorage(identity: bigint): Promise<Storage>;
  /** The error to report to the operator about a stored database that cannot be opened. */
  explain(identity: bigint, cause: unknown): unknown;
  /** Removes a database and all its rows, closing its storage. */
  dropDatabase(identity: bigint): Promise<void>;

  /** A small secret, such as a signing key: read, or created and stored durably with tight permissions. */
  secret(name: string, make: () => Uint8Array): Uint8Array;

  /**
   * Copies the whole folder while its databases run; the copy has every commit that was durable before. Throws
   * `backup/target-taken`, `backup/in-memory` or `storage/folder-unwritable`. No database may be created or dropped while
   * it runs.
   */
  backup(target: string): Promise<Backup>;

  /** Releases the folder for other processes; idempotent. */
  close(): Promise<void>;
}
