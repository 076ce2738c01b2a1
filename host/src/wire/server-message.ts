// Messages from the server, encoded into a buffer. Row lists and table updates are passed as finished bytes and copied,
// because one commit sends the same bytes to many clients. Defined by clockworklabs/SpacetimeDB:
// crates/client-api-messages/src/websocket/v2.rs, `ServerMessage`.

import { BsatnWriter } from '../sats/writer.ts';

/** The rows of one table in the result of a query. */
export interface TableRows {
  /** Canonical name of the table or view. */
  readonly table: string;
  /** One finished BsatnRowList. */
  readonly rows: Uint8Array;
}

/** All rows of a query set, or of one query. */
export type QueryRowsData = readonly TableRows[];

/** The changes of a commit for one query set; each part comes from `encodeTableUpdate`. */
export interface QuerySetUpdateData {
  readonly querySetId: number;
  readonly tables: readonly Uint8Array[];
}

/** Outcome of a reducer call, as its caller receives it. */
export type ReducerOutcome =
  | { readonly kind: 'ok'; readonly updates: readonly QuerySetUpdateData[] }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'internal-error'; readonly message: string };

/** Outcome of a procedure: the BSATN of its return value, or why it failed. */
export type ProcedureStatus =
  | { readonly kind: 'returned'; readonly value: Uint8Array }
  | { readonly kind: 'internal-error'; readonly message: string };

const TAG = {
  initialConnection: 0,
  subscribeApplied: 1,
  unsubscribeApplied: 2,
  subscriptionError: 3,
  transactionUpdate: 4,
  oneOffQueryResult: 5,
  reducerResult: 6,
  procedureResult: 7,
} as const;

const SOME = 0;
const NONE = 1;
const OK = 0;
const ERR = 1;

/** Encodes the update of one table, which is copied into the update of every affected query set. */
export function encodeTableUpdate(
  table: string,
  rows: { readonly inserts: Uint8Array; readonly deletes: Uint8Array } | { readonly events: Uint8Array },
): Uint8Array {
  const size = 'events' in rows ? rows.events.length : rows.inserts.length + rows.deletes.length;
  const writer = new BsatnWriter(size + 2 * table.length + 16);
  writer.string(table).u32(1);
  if ('events' in rows) writer.u8(1).raw(rows.events);
  else writer.u8(0).raw(rows.inserts).raw(rows.deletes);
  return writer.view();
}

/** Sends a client its identity, connection id and token. */
export function writeInitialConnection(
  writer: BsatnWriter,
  client: { readonly identity: bigint; readonly connectionId: bigint; readonly token: string },
): void {
  writer.u8(TAG.initialConnection).u256(client.identity).u128(client.connectionId).string(client.token);
}

/** Answers Subscribe with the current rows. */
export function writeSubscribeApplied(
  writer: BsatnWriter,
  requestId: number,
  querySetId: number,
  rows: QueryRowsData,
): void {
  writer.u8(TAG.subscribeApplied).u32(requestId).u32(querySetId);
  writeQueryRows(writer, rows);
}

/** Answers Unsubscribe, with the rows that matched last if the client requested them. */
export function writeUnsubscribeApplied(
  writer: BsatnWriter,
  requestId: number,
  querySetId: number,
  rows: QueryRowsData | undefined,
): void {
  writer.u8(TAG.unsubscribeApplied).u32(requestId).u32(querySetId);
  if (rows === undefined) writer.u8(NONE);
  else writeQueryRows(writer.u8(SOME), rows);
}

/** Reports that a query set is refused or, without a request id, that it has ended. */
export function writeSubscriptionError(
  writer: BsatnWriter,
  requestId: number | undefined,
  querySetId: number,
  error: string,
): void {
  writer.u8(TAG.subscriptionError);
  if (requestId === undefined) writer.u8(NONE);
  else writer.u8(SOME).u32(requestId);
  writer.u32(querySetId).string(error);
}

/** Sends a client the changes of another caller's commit. */
export function writeTransactionUpdate(writer: BsatnWriter, updates: readonly QuerySetUpdateData[]): void {
  writeUpdates(writer.u8(TAG.transactionUpdate), updates);
}

/** Answers OneOffQuery. */
export function writeOneOffQueryResult(
  writer: BsatnWriter,
  requestId: number,
  result: { readonly rows: QueryRowsData } | { readonly error: string },
): void {
  writer.u8(TAG.oneOffQueryResult).u32(requestId);
  if ('rows' in result) writeQueryRows(writer.u8(OK), result.rows);
  else writer.u8(ERR).string(result.error);
}

/** Answers CallReducer; `timestamp` is when the call began. */
export function writeReducerResult(
  writer: BsatnWriter,
  requestId: number,
  timestamp: bigint,
  outcome: ReducerOutcome,
): void {
  writer.u8(TAG.reducerResult).u32(requestId).i64(timestamp);
  switch (outcome.kind) {
    case 'ok':
      // A reducer returns nothing, so the value is empty.
      writeUpdates(writer.u8(0).u32(0), outcome.updates);
      break;
    case 'error':
      writeNested(writer.u8(2), outcome.message);
      break;
    case 'internal-error':
      writer.u8(3).string(outcome.message);
      break;
  }
}

/** Answers CallProcedure. */
export function writeProcedureResult(
  writer: BsatnWriter,
  requestId: number,
  timestamp: bigint,
  durationMicros: bigint,
  status: ProcedureStatus,
): void {
  writer.u8(TAG.procedureResult);
  if (status.kind === 'returned') writer.u8(0).byteArray(status.value);
  else writer.u8(1).string(status.message);
  writer.i64(timestamp).i64(durationMicros).u32(requestId);
}

/** A string as nested BSATN: the error of a reducer is a typed value. */
function writeNested(writer: BsatnWriter, text: string): void {
  const at = writer.length;
  writer.u32(0).string(text);
  writer.patchU32(at, writer.length - at - 4);
}

function writeQueryRows(writer: BsatnWriter, tables: QueryRowsData): void {
  writer.u32(tables.length);
  for (const { table, rows } of tables) writer.string(table).raw(rows);
}

function writeUpdates(writer: BsatnWriter, updates: readonly QuerySetUpdateData[]): void {
  writer.u32(updates.length);
  for (const { querySetId, tables } of updates) {
    writer.u32(querySetId).u32(tables.length);
    for (const table of tables) writer.raw(table);
  }
}
