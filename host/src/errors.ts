// Faults of the host: one class and one table of codes.

interface CodeFacts {
  /** The number that selects the error class of the guest: SpacetimeDB's `crates/primitives/src/errno.rs`. */
  readonly errno?: number;
  /** The HTTP status of the response. */
  readonly status?: number;
  readonly sentence: string;
}

const CODES = {
  'call/host-failure': { errno: 1, sentence: 'ABI called by host returned an error' },
  'call/not-in-transaction': { errno: 2, sentence: 'ABI call can only be made while in a transaction' },
  'call/would-block': { errno: 17, sentence: 'Attempted async or blocking op while holding open a transaction' },
  'call/not-anonymous': { errno: 18, sentence: 'Not in an anonymous transaction. Called by a reducer?' },
  'call/read-only': { errno: 19, sentence: 'ABI call can only be made while within a mutable transaction' },
  'call/no-such-iterator': { errno: 6, sentence: 'The provided row iterator is not valid' },
  'call/no-such-timer': { errno: 7, sentence: 'The provided console timer does not exist' },
  'call/no-space': { errno: 9, sentence: 'The provided sink has no more space left' },
  'call/http-failed': { errno: 21, sentence: 'The HTTP request failed' },
  'row/undecodable': { errno: 3, sentence: "Couldn't decode the BSATN to the expected type" },
  'table/unknown': { errno: 4, sentence: 'No such table' },
  'index/unknown': { errno: 5, sentence: 'No such index' },
  'index/no-range': { errno: 10, sentence: 'The Index does not support range scans' },
  'index/not-unique': { errno: 14, sentence: 'The index was not unique' },
  'row/not-unique': { errno: 12, sentence: 'Value with given unique identifier already exists' },
  'row/not-found': { errno: 15, sentence: 'The row was not found, e.g., in an update call' },
  'schedule/too-far': { errno: 13, sentence: 'Specified delay in scheduling row was too long' },
  'query/over-budget': { status: 400, sentence: 'The query costs too much: ask for fewer rows' },
  'view/failed': { sentence: 'A view failed, so the transaction was rolled back' },
  'schema/invalid': { status: 500, sentence: 'The module describes an impossible database' },
  'guest/invalid': { status: 500, sentence: 'The bundle is not a SpacetimeDB module' },
  'guest/failed': { status: 500, sentence: 'The module failed' },
  'publish/incompatible': { status: 400, sentence: 'The new module is incompatible with the data of the old one' },
  'publish/breaks-clients': {
    status: 400,
    sentence: 'Migration plan contains a client-breaking change which is disallowed under current policy',
  },
  'publish/init-failed': { status: 500, sentence: 'The init reducer failed' },
  'host/port-in-use': { sentence: 'Another program listens on the port' },
  'host/cannot-listen': { sentence: 'The host cannot listen on the port' },
  'backup/target-taken': { status: 409, sentence: 'The target of the backup already exists' },
  'backup/not-found': { sentence: 'There is no backup' },
  'backup/in-memory': { status: 409, sentence: 'This host keeps its databases in memory and cannot be backed up' },
  'database/closed': { status: 503, sentence: 'The database is closed' },
  'storage/folder-in-use': { sentence: 'Another process uses the data folder' },
  'storage/folder-unwritable': { status: 503, sentence: 'The data folder cannot be written' },
  'storage/no-room': { sentence: 'There is no room to map a database' },
  'storage/damaged': { sentence: 'The data folder is damaged' },
  'storage/write-failed': { status: 503, sentence: 'A commit could not be written' },
  'storage/overloaded': { status: 503, sentence: 'The disk is too far behind; try again later' },
} as const satisfies Record<string, CodeFacts>;

/** A code of a `HostError`. */
export type HostErrorCode = keyof typeof CODES;

/** A fault of the host. Its `code` is API; the sentence may change. */
export class HostError extends Error {
  override readonly name: string = 'HostError';
  readonly code: HostErrorCode;
  readonly errno: number | undefined;
  readonly status: number | undefined;

  constructor(code: HostErrorCode, sentence?: string, options?: ErrorOptions) {
    const facts: CodeFacts = CODES[code];
    super(sentence ?? facts.sentence, options);
    this.code = code;
    this.errno = facts.errno;
    this.status = facts.status;
  }
}

/** Ends a `switch` over a union: the compiler rejects it while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value ${String(value)}`);
}

/** Throws unless an invariant holds; callers must not catch this to continue. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${sentence}`);
}

/** The message of a thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
