// Messages from a client, decoded from the bytes of a frame. Defined by clockworklabs/SpacetimeDB:
// crates/client-api-messages/src/websocket/v2.rs, `ClientMessage`.

import { BsatnError, type BsatnReader } from '../sats/reader.ts';

/** Requests the rows of some queries, and updates when they change. */
export interface Subscribe {
  readonly kind: 'subscribe';
  readonly requestId: number;
  readonly querySetId: number;
  readonly queries: readonly string[];
}

/** Ends the subscription to a query set. */
export interface Unsubscribe {
  readonly kind: 'unsubscribe';
  readonly requestId: number;
  readonly querySetId: number;
  /** True if the answer lists the rows that matched last. */
  readonly wantsRows: boolean;
}

/** Requests the rows of a query once. */
export interface OneOffQuery {
  readonly kind: 'one-off-query';
  readonly requestId: number;
  readonly query: string;
}

/** Requests a run of a reducer. */
export interface CallReducer {
  readonly kind: 'call-reducer';
  readonly requestId: number;
  readonly name: string;
  /** BSATN of the parameters, a view of the frame. */
  readonly args: Uint8Array;
}

/** Requests a run of a procedure. */
export interface CallProcedure {
  readonly kind: 'call-procedure';
  readonly requestId: number;
  readonly name: string;
  readonly args: Uint8Array;
}

/** Any message from a client. */
export type ClientMessage = Subscribe | Unsubscribe | OneOffQuery | CallReducer | CallProcedure;

/** Reads one message. Throws `BsatnError` if the bytes are malformed, or have more than `maxQueries`. */
export function readClientMessage(reader: BsatnReader, maxQueries: number): ClientMessage {
  const tag = reader.u8();
  switch (tag) {
    case 0:
      return {
        kind: 'subscribe',
        requestId: reader.u32(),
        querySetId: reader.u32(),
        queries: readStrings(reader, maxQueries),
      };
    case 1:
      return {
        kind: 'unsubscribe',
        requestId: reader.u32(),
        querySetId: reader.u32(),
        wantsRows: readUnsubscribeFlags(reader),
      };
    case 2:
      return { kind: 'one-off-query', requestId: reader.u32(), query: reader.string() };
    case 3:
      return { kind: 'call-reducer', ...readCall(reader) };
    case 4:
      return { kind: 'call-procedure', ...readCall(reader) };
    default:
      throw new BsatnError(`unknown tag 0x${tag.toString(16)} for sum type ClientMessage`);
  }
}

function readCall(reader: BsatnReader): { requestId: number; name: string; args: Uint8Array } {
  const requestId = reader.u32();
  const flags = reader.u8();
  if (flags !== 0) throw new BsatnError(`unknown tag 0x${flags.toString(16)} for call flags`);
  return { requestId, name: reader.string(), args: reader.byteArray() };
}

function readUnsubscribeFlags(reader: BsatnReader): boolean {
  const flags = reader.u8();
  if (flags > 1) throw new BsatnError(`unknown tag 0x${flags.toString(16)} for unsubscribe flags`);
  return flags === 1;
}

/** Does not trust the count: a string takes at least four bytes, so a false count fails before it costs memory. */
function readStrings(reader: BsatnReader, maxCount: number): string[] {
  const count = reader.u32();
  if (count * 4 > reader.left) {
    throw new BsatnError(`data too short: ${count} strings wanted, ${reader.left} bytes left`);
  }
  if (count > maxCount) throw new BsatnError(`${count} queries are too many for one frame`);
  return Array.from({ length: count }, () => reader.string());
}
