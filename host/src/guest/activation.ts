// One running function of the module: what it is called, and what it may do meanwhile.

import { type Index, type Table } from '../datastore/table.ts';
import type { Transaction } from '../datastore/transaction.ts';
import type { CallLimits, Watchdog } from './watchdog.ts';

/** Hears what a view reads. */
export interface ReadSet {
  /** The rows with this full key of an index. */
  point(index: Index, key: string): void;
  /** Anything else of a table. */
  whole(table: Table): void;
}

/** The transactions of a procedure. Each method may throw a HostError, which the module can catch. */
export interface TransactionControl {
  begin(): { readonly tx: Transaction; readonly timestamp: bigint };
  /** Ends the transaction in either case: when it throws, everything was rolled back. */
  commit(tx: Transaction): void;
  rollback(tx: Transaction): void;
}

/** A running function. The host makes one for each call. */
export interface Activation {
  /** Canonical name, for the module log. */
  readonly functionName: string;
  /** The open transaction; a procedure opens and closes it. */
  tx: Transaction | undefined;
  /** Set for views, which read only. */
  readonly reads?: ReadSet;
  /** Set for procedures and handlers. */
  readonly control?: TransactionControl;
}

/** A line that the module, or the host about it, writes to the module log. */
export interface LogLine {
  /** As `console_log` numbers them: 0 error, 1 warn, 2 info, 3 debug, 4 trace, 101 panic. */
  readonly level: number;
  readonly message: string;
  readonly functionName: string | undefined;
  readonly line: number | undefined;
  readonly trace?: readonly string[];
}

/** What a module's outgoing HTTP request brought back: BSATN of `HttpResponse`, and the body. */
export interface HttpReply {
  readonly response: Uint8Array;
  readonly body: Uint8Array;
}

/** What stops a call that goes too far. */
export interface Watch {
  readonly watchdog: Watchdog;
  readonly limits: CallLimits;
  /** Whether whoever calls stands in `guard` and will clean up; otherwise each call of the module has a guard of its own. */
  isCovered: boolean;
}

/** What a guest needs of the database around it. */
export interface GuestHooks {
  /** Without it calls run for as long as they like. */
  readonly watch?: Watch;
  readonly identity: bigint;
  /** Whether the errors that the engine throws may tell where: see realm/errors.ts for what a hostile module makes of it. */
  readonly isTrusted: boolean;
  log(line: LogLine): void;
  /** The JWT payload of a connected client. */
  claimsOf(connectionId: bigint): Uint8Array | undefined;
  /** Throws `schedule/too-far` if a row just written to a scheduled table could not be kept waiting for. */
  checkSchedule(table: Table, row: Uint8Array): void;
  /** Runs a reducer after the current call, whatever becomes of that. */
  scheduleImmediate(reducer: string, args: Uint8Array): void;
  /** Does an HTTP request and waits for it. Throws `call/http-failed`. */
  fetch(request: Uint8Array, body: Uint8Array | string): HttpReply;
  monotonic(): number;
}
