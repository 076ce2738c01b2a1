// Who asks a database for something, and what can become of it.

import type { Commit } from '../datastore/commit.ts';

/** Who calls. */
export interface Caller {
  readonly identity: bigint;
  readonly connectionId: bigint | undefined;
  /** The payload of its JWT, JSON. */
  readonly claims: Uint8Array | undefined;
}

/** What clients read when the module failed, whatever the reason: that stands in the module log. */
export const FATAL_ERROR = 'The instance encountered a fatal error.';

/** A call that changed nothing. */
export interface NotCommitted {
  readonly kind:
    /** The module refused with a SenderError; the message is its text. */
    | 'failed'
    /** The module, or a view it made stale, broke. */
    | 'internal'
    | 'no-such-reducer'
    | 'bad-args'
    /** A lifecycle reducer, which nobody calls directly. */
    | 'lifecycle';
  readonly message: string;
  readonly timestamp: bigint;
}

/** How a reducer call, a connection or a write ended. `timestamp` is the one that the module saw. */
export type CallOutcome =
  | {
      readonly kind: 'committed';
      readonly commit: Commit;
      readonly timestamp: bigint;
      readonly durationMicros: bigint;
    }
  | NotCommitted;

/** How a procedure ended; one that failed says so at time 0. */
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

/** What an HTTP handler of the module answered, or what is said in its place. */
export interface HandlerResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What publishing again did. */
export interface UpdateOutcome {
  readonly kind: 'unchanged' | 'updated';
  /** Clients know another schema and have to connect anew. */
  readonly breaksClients: boolean;
}
