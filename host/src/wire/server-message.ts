// What the server says (contract 6.4), written into a buffer. Lists of rows and table updates arrive as finished bytes
// and are copied, because one commit says the same thing to many clients.

import { BsatnWriter } from '../sats/writer.ts';

/** The rows that a query gives of one table. */
export interface TableRows {
  /** Canonical name of the table or view. */
  readonly table: string;
  /** One finished BsatnRowList. */
  readonly rows: Uint8Array;
}

/** All rows of a query set, or of one query. */
export type QueryRowsData = readonly TableRows[];

/** What a commit changed for one query set; each part comes from `encodeTableUpdate`. */
export interface QuerySetUpdateData {
  readonly querySetId: number;
  readonly tables: readonly Uint8Array[];
}

/** How a reducer call ended, as its caller hears it. */
export type ReducerOutcome =
  | { readonly kind: 'ok'; readonly updates: readonly QuerySetUpdateData[] }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'internal-error'; readonly message: string };

/** How a procedure ended: the BSATN of what it returned, or why it failed. */
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

/** Builds the update of one table, to be copied into the update of every query set that it concerns. */
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

/** Tells a client who it is. */
export function writeInitialConnection(
  writer: BsatnWriter,
  client: { readonly identity: bigint; readonly connectionId: bigint; readonly token: string },
): void {
  writer.u8(TAG.initialConnection).u256(client.identity).u128(client.connectionId).string(client.token);
}

/** Answers Subscribe with the rows that match now. */
export function writeSubscribeApplied(
  writer: BsatnWriter,
  requestId: number,
  querySetId: number,
  rows: QueryRowsData,
): void {
  writer.u8(TAG.subscribeApplied).u32(requestId).u32(querySetId);
  writeQueryRows(writer, rows);
}

/** Answers Unsubscribe, with the rows that matched last if the client wanted them. */
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

/** Says that a query set is refused, or, without a request id, that it ended. */
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

/** Tells a client what a commit of somebody else changed for it. */
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
      // A reducer returns nothing, hence an empty value.
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

/** A string as the bytes of its own BSATN: the error of a reducer is a typed value. */
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
