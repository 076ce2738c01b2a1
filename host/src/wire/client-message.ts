// What a client says (contract 6.3), read from the bytes of a frame.

import { BsatnError, type BsatnReader } from '../sats/reader.ts';

/** Asks for the rows of some queries, and to be told when they change. */
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
  /** Whether the answer lists the rows that matched last. */
  readonly wantsRows: boolean;
}

/** Asks for the rows of a query once. */
export interface OneOffQuery {
  readonly kind: 'one-off-query';
  readonly requestId: number;
  readonly query: string;
}

/** Asks for a reducer to be run. */
export interface CallReducer {
  readonly kind: 'call-reducer';
  readonly requestId: number;
  readonly name: string;
  /** BSATN of the parameters, a view of the frame. */
  readonly args: Uint8Array;
}

/** Asks for a procedure to be run. */
export interface CallProcedure {
  readonly kind: 'call-procedure';
  readonly requestId: number;
  readonly name: string;
  readonly args: Uint8Array;
}

/** Anything a client may say. */
export type ClientMessage = Subscribe | Unsubscribe | OneOffQuery | CallReducer | CallProcedure;

/** Reads one message; throws `BsatnError` on bytes that are none. */
export function readClientMessage(reader: BsatnReader): ClientMessage {
  const tag = reader.u8();
  switch (tag) {
    case 0:
      return {
        kind: 'subscribe',
        requestId: reader.u32(),
        querySetId: reader.u32(),
        queries: readStrings(reader),
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

/** Not trusting the count: a string takes four bytes at least, so a false count fails before it costs memory. */
function readStrings(reader: BsatnReader): string[] {
  const count = reader.u32();
  if (count * 4 > reader.left) {
    throw new BsatnError(`data too short: ${count} strings wanted, ${reader.left} bytes left`);
  }
  return Array.from({ length: count }, () => reader.string());
}
