// The budget of one request that reads: its time, the rows that it may read, the bytes that it may return. All queries run
// on the thread that serves every client, so each loop over rows counts against a budget, and stops when it is used up.

import { HostError } from '../errors.ts';

/** The limits of one request: a statement, a one-off query, or all queries of one subscription. */
export interface QueryLimits {
  /** Computing time; waiting for the processor does not count. */
  readonly queryMs: number;
  /** Rows read, also those that a condition leaves out. A join reads a row once for each combination. */
  readonly maxQueryRows: number;
  /** Bytes of the returned rows, and of their text in an HTTP response. */
  readonly maxResultBytes: number;
}

/** The default limits of callers other than the owner. */
export const DEFAULT_QUERY_LIMITS: QueryLimits = {
  queryMs: 500,
  maxQueryRows: 2_000_000,
  maxResultBytes: 32 * 1024 * 1024,
};

/** The limits of the owner, and of queries that a view returns. They keep a mistake from ending the process. */
export const OWNER_QUERY_LIMITS: QueryLimits = {
  queryMs: 10_000,
  maxQueryRows: 100_000_000,
  maxResultBytes: 256 * 1024 * 1024,
};

/** The budget of one request. The owner's is large. */
export function createQueryBudget(isOwner: boolean, limits = DEFAULT_QUERY_LIMITS): QueryBudget {
  return new QueryBudget(isOwner ? OWNER_QUERY_LIMITS : limits);
}

/** Rows between two readings of the clock. */
const ROWS_PER_CHECK = 256;

/** Counts the costs of one request. Each method throws `query/over-budget` when a limit is exceeded. */
export class QueryBudget {
  readonly limits: QueryLimits;
  readonly #clock: () => number;
  #startedAt: number;
  #rows = 0;
  #bytes = 0;
  #rowsToCheck = ROWS_PER_CHECK;

  /** The time runs from now on; `clock` is in milliseconds. */
  constructor(limits: QueryLimits, clock: () => number = threadMs) {
    this.limits = limits;
    this.#clock = clock;
    this.#startedAt = clock();
  }

  /** Bytes returned so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts one row that is read. */
  readRow(): void {
    if (++this.#rows > this.limits.maxQueryRows) throw overBudget(`reads more than ${this.limits.maxQueryRows} rows`);
    if (--this.#rowsToCheck > 0) return;
    this.#rowsToCheck = ROWS_PER_CHECK;
    this.checkTime();
  }

  /** Counts bytes that are returned. */
  returnBytes(count: number): void {
    this.#bytes += count;
    if (this.#bytes <= this.limits.maxResultBytes) return;
    throw overBudget(`returns more than ${this.limits.maxResultBytes} bytes`);
  }

  /** Runs work whose time does not count, such as a view, which is code of the module with its own limit. */
  exempt<T>(work: () => T): T {
    const before = this.#clock();
    try {
      return work();
    } finally {
      this.#startedAt += this.#clock() - before;
    }
  }

  checkTime(): void {
    if (this.#clock() - this.#startedAt <= this.limits.queryMs) return;
    throw overBudget(`takes more than ${this.limits.queryMs} ms`);
  }
}

function overBudget(excess: string): HostError {
  return new HostError('query/over-budget', `The query ${excess}: ask for fewer rows`);
}

/** The computing time of this thread. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
