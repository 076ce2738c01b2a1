// A connected client of one database, and what the clients of all databases share.

import type { Caller } from '../database/outcome.ts';
import { connectionIdToHex, identityToHex } from '../sats/hex.ts';
import type { Protocol } from '../wire/frame.ts';
import type { Connection, ConnectionShares } from './connection.ts';
import type { QueryPacer } from './query-pacer.ts';
import type { QueryClient } from './query-requests.ts';

/** The identity and choices of a client that connects. */
export interface Arrival {
  readonly caller: Caller & { readonly connectionId: bigint };
  readonly token: string;
  readonly protocol: Protocol;
  /** Messages about a commit are sent only when it is durable. */
  readonly isConfirmed: boolean;
}

/** A connected client of one database. */
export interface Client extends QueryClient {
  readonly caller: Arrival['caller'];
  readonly connection: Connection;
  readonly isConfirmed: boolean;
  /** Cancels the wait for the turn of a query. */
  cancelWait: (() => void) | undefined;
}

/** What the clients of all databases of a host share. */
export interface SharedLimits extends ConnectionShares {
  readonly pacer: QueryPacer;
}

/** The client in a sentence for the operator. */
export function describe({ identity, connectionId }: Arrival['caller']): string {
  return `client ${identityToHex(identity)}, connection ${connectionIdToHex(connectionId)}`;
}
