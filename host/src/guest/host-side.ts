// Boundary between a realm and the host: the system calls of a realm, with primitives and the realm's own buffers only.

/** The result of a failed call; `errno()` and `reason()` give the cause. No other result has this value. */
export const FAILED = -(2 ** 31);

/** The same for calls that return a bigint. */
export const FAILED_BIG = -(2n ** 63n);

/** Values of `errno()` beyond the numbered errors. */
export const FATAL = 0;
/** The buffer of the call is too small; `neededBytes()` is the required size. */
export const BUFFER_TOO_SMALL = -1;

/** System calls on rows. */
export interface RowSide {
  tableId(name: string): number;
  indexId(name: string): number;
  rowCount(table: number): bigint;
  scanTable(table: number): number;
  scanPoint(index: number, buffer: ArrayBuffer, length: number): number;
  scanRange(
    index: number,
    buffer: ArrayBuffer,
    prefixLength: number,
    prefixColumns: number,
    startLength: number,
    endLength: number,
  ): number;
  advance(iterator: number, buffer: ArrayBuffer): number;
  closeIterator(iterator: number): number;
  insert(table: number, buffer: ArrayBuffer, length: number): number;
  update(table: number, index: number, buffer: ArrayBuffer, length: number): number;
  deletePoint(index: number, buffer: ArrayBuffer, length: number): number;
  deleteRange(
    index: number,
    buffer: ArrayBuffer,
    prefixLength: number,
    prefixColumns: number,
    startLength: number,
    endLength: number,
  ): number;
  deleteEqual(table: number, buffer: ArrayBuffer, length: number): number;
  clear(table: number): bigint;
}

/**
 * The system calls of a realm. Arguments are primitives and ArrayBuffers of the realm; results are primitives. Nothing
 * here throws, except on stack overflow, so that no object of the host ever reaches the module.
 */
export interface HostSide {
  readonly rows: RowSide;

  /** Why the last call failed: a numbered error, `FATAL` or `BUFFER_TOO_SMALL`. */
  errno(): number;
  reason(): string;
  /** The required size of the buffer, after `BUFFER_TOO_SMALL`. */
  neededBytes(): number;

  scheduleImmediate(reducer: string, buffer: ArrayBuffer, offset: number, length: number): number;
  log(level: number, message: string, stack: string): void;
  startTimer(name: string): number;
  endTimer(timer: number): number;
  identity(): bigint;

  /** Byte results: the call returns their length, and `take` copies them into a buffer of the realm. */
  jwtPayload(connectionId: bigint): number;
  httpRequest(
    request: ArrayBuffer,
    requestOffset: number,
    requestLength: number,
    bodyText: string | undefined,
    body: ArrayBuffer,
    bodyOffset: number,
    bodyLength: number,
  ): number;
  httpBodyLength(): number;
  take(buffer: ArrayBuffer): void;
  takeHttpBody(buffer: ArrayBuffer): void;

  startTransaction(): bigint;
  commitTransaction(): number;
  abortTransaction(): number;

  decodeUtf8(buffer: ArrayBuffer, offset: number, length: number): string;
  isUtf8(buffer: ArrayBuffer, offset: number, length: number): boolean;
  /** Encodes into the scratch buffer and returns the length, or -1 if it does not fit. */
  encodeUtf8(text: string, buffer: ArrayBuffer): number;
  utf8Length(text: string): number;

  /** The result of a function of the module. */
  result(buffer: ArrayBuffer, offset: number, length: number): void;
  secondResult(buffer: ArrayBuffer, offset: number, length: number): void;
  /** An exception of the module: its message, its text as `Name: message`, its stack. */
  threw(message: string, text: string, stack: string): void;
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
  load(factory: unknown): number;
  describe(): number;
  /** A buffer of at least this size, from which the next call reads its arguments. */
  argsBuffer(atLeast: number): ArrayBuffer;
  callReducer(id: number, sender: bigint, connectionId: bigint, timestamp: bigint, argsLength: number): number;
  callProcedure(id: number, sender: bigint, connectionId: bigint, timestamp: bigint, argsLength: number): number;
  callView(id: number, sender: bigint): number;
  callAnonymousView(id: number): number;
  callHandler(id: number, timestamp: bigint, requestLength: number, bodyLength: number): number;
}
