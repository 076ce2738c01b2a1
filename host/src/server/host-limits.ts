// The bounds of a host with their defaults; README.md lists them.

import { getHeapStatistics } from 'node:v8';
import type { CallLimits } from '../guest/watchdog.ts';
import { DEFAULT_QUERY_LIMITS, type QueryLimits } from '../query/query-budget.ts';
import { DEFAULT_LIMITS, type ConnectionLimits } from './connection.ts';

/** Bounds of sockets, HTTP requests and databases. */
export interface ServerLimits {
  /** Sockets of HTTP and WebSocket together; one more is answered with 503. */
  readonly maxConnections: number;
  /** Sockets from one address. Behind a proxy all clients share one address. */
  readonly maxConnectionsPerAddress: number;
  /**
   * Bytes that all connections hold together: unfinished frames and bodies, waiting requests, unsent answers. Beyond it the
   * connection that holds most is dropped.
   */
  readonly maxHeldBytes: number;
  /** The body of a call, a query or a request for a handler; a longer one is answered with 413. */
  readonly maxBodyBytes: number;
  /** The bundle of a publish. */
  readonly maxBundleBytes: number;
  readonly maxHeaderBytes: number;
  /** A client that takes longer to send its headers is answered with 408. */
  readonly headersTimeoutMs: number;
  /** The same for a complete request. */
  readonly requestTimeoutMs: number;
  /** Databases of the host; one more is refused. */
  readonly maxDatabases: number;
  /** How long a closing host waits for running requests. */
  readonly closeTimeoutMs: number;
}

/** All bounds of a host. */
export interface HostLimits extends ConnectionLimits, CallLimits, QueryLimits, ServerLimits {}

const MIB = 1024 * 1024;

/** A quarter of the heap that Node.js may use, which operators set by `--max-old-space-size`. */
const QUARTER_OF_HEAP = Math.floor(getHeapStatistics().heap_size_limit / 4);

/** The default bounds. */
export const DEFAULT_HOST_LIMITS: HostLimits = {
  ...DEFAULT_LIMITS,
  ...DEFAULT_QUERY_LIMITS,
  queryMs: 250,
  maxHeldBytes: Math.min(Math.max(QUARTER_OF_HEAP, 64 * MIB), 1024 * MIB),
  callMs: 10_000,
  callBytes: 512 * MIB,
  maxConnections: 20_000,
  maxConnectionsPerAddress: 10_000,
  maxBodyBytes: 2 * MIB,
  maxBundleBytes: 64 * MIB,
  maxHeaderBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 120_000,
  maxDatabases: 1024,
  closeTimeoutMs: 5_000,
};
