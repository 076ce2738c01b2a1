// The bounds of a host, each by name with its default; DESIGN.md lists them.

import type { CallLimits } from '../guest/watchdog.ts';
import { DEFAULT_LIMITS, type ConnectionLimits } from './connection.ts';

/** How much may come in at the limiter. */
export interface ServerLimits {
  /** Sockets, of HTTP and WebSocket together; one more is answered 503. */
  readonly maxConnections: number;
  /** Sockets from one address. Behind a proxy all come from one. */
  readonly maxConnectionsPerAddress: number;
  /** The body of a call, a query or a handler's request; a longer one is answered 413. */
  readonly maxBodyBytes: number;
  /** The bundle of a publish. */
  readonly maxBundleBytes: number;
  readonly maxHeaderBytes: number;
  /** A client that takes longer to send its headers is answered 408. */
  readonly headersTimeoutMs: number;
  /** The same for a whole request. */
  readonly requestTimeoutMs: number;
  /** Databases of the host; one more is refused. */
  readonly maxDatabases: number;
  /** How long a host that closes waits for what runs. */
  readonly closeTimeoutMs: number;
}

/** All bounds of a host. */
export interface HostLimits extends ConnectionLimits, CallLimits, ServerLimits {}

/** The bounds where the options of the host set none. */
export const DEFAULT_HOST_LIMITS: HostLimits = {
  ...DEFAULT_LIMITS,
  callMs: 10_000,
  callBytes: 512 * 1024 * 1024,
  maxConnections: 20_000,
  maxConnectionsPerAddress: 10_000,
  maxBodyBytes: 2 * 1024 * 1024,
  maxBundleBytes: 64 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 120_000,
  maxDatabases: 1024,
  closeTimeoutMs: 5_000,
};
