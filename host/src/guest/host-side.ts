// Boundary between a realm and the host: the system calls of a realm, with primitives and the realm's own buffers only.

/** The result of a failed call; `errno()` and `reason()` give the cause. No other result has this value. */
export const FAILED = -(2 ** 31);

/** The same for calls that return a bigint. */
export const FAILED_BIG = -(2n ** 63n);

/** Values of `errno()` beyond the numbered errors. */
export const FATAL = 0;
/** The buffer of the call is too small; `neededBytes()` is the required size. */
export const BUFFER_TOO_SMALL = -1;
/** A length does not fit the buffer of the call. */
export const OUT_OF_BOUNDS = -2;
/** An ArrayBuffer of the realm was expected. */
export const NOT_A_BUFFER = -3;

/** System calls on rows. */
export interface RowSide {
  readonly tableId: (name: string) => number;
  readonly indexId: (name: string) => number;
  readonly rowCount: (table: number) => bigint;
  readonly scanTable: (table: number) => number;
  readonly scanPoint: (index: number, buffer: ArrayBuffer, length: number) => number;
  readonly scanRange: (
    index: number,
    buffer: ArrayBuffer,
    prefixLength: number,
    prefixColumns: number,
    startLength: number,
    endLength: number,
  ) => number;
  readonly advance: (iterator: number, buffer: ArrayBuffer) => number;
  readonly closeIterator: (iterator: number) => number;
  readonly insert: (table: number, buffer: ArrayBuffer, length: number) => number;
  readonly update: (table: number, index: number, buffer: ArrayBuffer, length: number) => number;
  readonly deletePoint: (index: number, buffer: ArrayBuffer, length: number) => number;
  readonly deleteRange: (
    index: number,
    buffer: ArrayBuffer,
    prefixLength: number,
    prefixColumns: number,
    startLength: number,
    endLength: number,
  ) => number;
  readonly deleteEqual: (table: number, buffer: ArrayBuffer, length: number) => number;
  readonly clear: (table: number) => bigint;
}

/**
 * The system calls of a realm. Arguments are primitives and ArrayBuffers of the realm, but a hostile realm may pass
 * anything; results are primitives. A failure is a code. What the realm receives (sealed-system-calls.ts) throws only when
 * the stack ends, and then a primitive, or the engine's error if the function had not started; realm/host-calls.ts drops both.
 */
export interface HostSide {
  readonly rows: RowSide;

  /** Why the last call failed: a numbered error, `FATAL` or `BUFFER_TOO_SMALL`. */
  readonly errno: () => number;
  readonly reason: () => string;
  /** The required size of the buffer, after `BUFFER_TOO_SMALL`. */
  readonly neededBytes: () => number;

  readonly scheduleImmediate: (reducer: string, buffer: ArrayBuffer, offset: number, length: number) => number;
  readonly log: (level: number, message: string, stack: string) => number;
  readonly startTimer: (name: string) => number;
  readonly endTimer: (timer: number) => number;
  readonly identity: () => bigint;

  /** Byte results: the call returns their length, and `take` copies them into a buffer of the realm. */
  readonly jwtPayload: (connectionId: bigint) => number;
  readonly httpRequest: (
    request: ArrayBuffer,
    requestOffset: number,
    requestLength: number,
    bodyText: string | undefined,
    body: ArrayBuffer,
    bodyOffset: number,
    bodyLength: number,
  ) => number;
  readonly httpBodyLength: () => number;
  readonly take: (buffer: ArrayBuffer) => number;
  readonly takeHttpBody: (buffer: ArrayBuffer) => number;

  readonly startTransaction: () => bigint;
  readonly commitTransaction: () => number;
  readonly abortTransaction: () => number;

  /** Returns undefined for bytes that are not UTF-8, if `isFatal`, and for bytes outside of an ArrayBuffer. */
  readonly decodeUtf8: (buffer: ArrayBuffer, offset: number, length: number, isFatal: boolean) => string | undefined;
  /** Encodes into the buffer what fits, and returns the number of bytes. */
  readonly encodeUtf8: (text: string, buffer: ArrayBuffer) => number;
  readonly utf8Length: (text: string) => number;

  /** The result of a function of the module. */
  readonly result: (buffer: ArrayBuffer, offset: number, length: number) => number;
  readonly secondResult: (buffer: ArrayBuffer, offset: number, length: number) => number;
  /** An exception of the module: its message, its text as `Name: message`, its stack. */
  readonly threw: (message: string, text: string, stack: string) => number;
}

/** How a function of the module ended. */
export const RETURNED = 0;
/** The function threw an error for its caller. */
export const REFUSED = 1;
/** The function threw another value. */
export const THREW = 2;
/** Loading failed with a text but without a trace. */
export const NOT_A_MODULE = 3;

/** The host's calls into a realm. */
export interface RealmEntries {
  readonly load: (factory: unknown) => number;
  readonly describe: () => number;
  /** A buffer of at least this size, from which the next call reads its arguments. */
  readonly argsBuffer: (atLeast: number) => ArrayBuffer;
  readonly callReducer: (
    id: number,
    sender: bigint,
    connectionId: bigint,
    timestamp: bigint,
    argsLength: number,
  ) => number;
  readonly callProcedure: (
    id: number,
    sender: bigint,
    connectionId: bigint,
    timestamp: bigint,
    argsLength: number,
  ) => number;
  readonly callView: (id: number, sender: bigint) => number;
  readonly callAnonymousView: (id: number) => number;
  readonly callHandler: (id: number, timestamp: bigint, requestLength: number, bodyLength: number) => number;
}
