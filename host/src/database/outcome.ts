// Callers of a database, and the outcomes of their calls.

import type { Commit } from '../datastore/commit.ts';
import type { HostError } from '../errors.ts';

/** The identity and connection of a call. */
export interface Caller {
  readonly identity: bigint;
  readonly connectionId: bigint | undefined;
  /** The payload of the caller's JWT, JSON. */
  readonly claims: Uint8Array | undefined;
}

/** The message for clients when the module failed; the reason is in the module log. */
export const FATAL_ERROR = 'The instance encountered a fatal error.';

/** A call that changed nothing. */
export interface NotCommitted {
  readonly kind:
    /** The module refused with a SenderError; the message is its text. */
    | 'failed'
    /** The module, or a view that the call made stale, failed. */
    | 'internal'
    | 'no-such-reducer'
    | 'bad-args'
    /** A lifecycle reducer, which clients cannot call. */
    | 'lifecycle';
  readonly message: string;
  readonly timestamp: bigint;
  /** Set if the host refused the call before it ran, because nothing can be written now. */
  readonly refusal?: HostError;
}

/** The outcome of a reducer call, a connection or a write. `timestamp` is the module's `ctx.timestamp`. */
export type CallOutcome =
  | {
      readonly kind: 'committed';
      readonly commit: Commit;
      readonly timestamp: bigint;
      readonly durationMicros: bigint;
    }
  | NotCommitted;

/** The outcome of a procedure; a failed one has timestamp 0. */
export type ProcedureOutcome =
  | {
      readonly kind: 'returned';
      /** BSATN of the return type. */
      readonly value: Uint8Array;
      readonly timestamp: bigint;
      readonly durationMicros: bigint;
    }
  | {
      readonly kind: 'internal-error';
      readonly message: string;
      readonly timestamp: bigint;
      readonly durationMicros: bigint;
    };

/** The response of an HTTP handler of the module, or of the host in its place. */
export interface HandlerResponse {
  readonly status: number;
  /** A repeated header is a list. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
}

/** The result of an update. */
export interface UpdateOutcome {
  readonly kind: 'unchanged' | 'updated';
  /** Clients use an incompatible schema and must connect again. */
  readonly breaksClients: boolean;
}
