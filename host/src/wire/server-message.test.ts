import { describe, expect, test } from 'vitest';
import { BsatnWriter } from '../sats/writer.ts';
import { EMPTY_ROW_LIST, encodeRowList } from './row-list.ts';
import {
  encodeTableUpdate,
  writeInitialConnection,
  writeOneOffQueryResult,
  writeProcedureResult,
  writeReducerResult,
  writeSubscribeApplied,
  writeSubscriptionError,
  writeTransactionUpdate,
  writeUnsubscribeApplied,
} from './server-message.ts';

/** The bytes that `write` writes, as hex. */
function hexOf(write: (writer: BsatnWriter) => void): string {
  const writer = new BsatnWriter();
  write(writer);
  return Buffer.from(writer.finish()).toString('hex');
}
function hex(spaced: string): string {
  return spaced.replaceAll(' ', '');
}

const row = { bytes: Uint8Array.of(1, 0, 0, 0) };
const rows = encodeRowList([row]);
const ROWS = '00 0400 04000000 01000000';
const NO_ROWS = '01 00000000 00000000';
const update = {
  querySetId: 9,
  tables: [encodeTableUpdate('a', { inserts: rows, deletes: EMPTY_ROW_LIST })],
};
const UPDATE = `01000000 09000000 01000000 01000000 61 01000000 00 ${ROWS} ${NO_ROWS}`;

describe('a server message', () => {
  test('carries the identity of a client', () => {
    const client = { identity: 1n, connectionId: 2n, token: 't' };
    expect(hexOf(writer => writeInitialConnection(writer, client))).toBe(
      hex(`00 01${'00'.repeat(31)} 02${'00'.repeat(15)} 01000000 74`),
    );
  });

  test('with rows copies the finished list', () => {
    expect(hexOf(writer => writeSubscribeApplied(writer, 1, 2, [{ table: 'a', rows }]))).toBe(
      hex(`01 01000000 02000000 01000000 01000000 61 ${ROWS}`),
    );
    expect(hexOf(writer => writeUnsubscribeApplied(writer, 1, 2, [{ table: 'a', rows: EMPTY_ROW_LIST }]))).toBe(
      hex(`02 01000000 02000000 00 01000000 01000000 61 ${NO_ROWS}`),
    );
    expect(hexOf(writer => writeUnsubscribeApplied(writer, 1, 2, undefined))).toBe(hex('02 01000000 02000000 01'));
    expect(hexOf(writer => writeOneOffQueryResult(writer, 1, { rows: [] }))).toBe(hex('05 01000000 00 00000000'));
  });

  test('carries the reason of a refusal', () => {
    expect(hexOf(writer => writeSubscriptionError(writer, 5, 6, 'no'))).toBe(
      hex('03 00 05000000 06000000 02000000 6e6f'),
    );
    expect(hexOf(writer => writeSubscriptionError(writer, undefined, 6, 'no'))).toBe(
      hex('03 01 06000000 02000000 6e6f'),
    );
    expect(hexOf(writer => writeOneOffQueryResult(writer, 1, { error: 'no' }))).toBe(
      hex('05 01000000 01 02000000 6e6f'),
    );
  });

  test('carries the changes of a commit', () => {
    expect(hexOf(writer => writeTransactionUpdate(writer, [update]))).toBe(hex(`04 ${UPDATE}`));
    const events = { querySetId: 1, tables: [encodeTableUpdate('e', { events: rows })] };
    expect(hexOf(writer => writeTransactionUpdate(writer, [events]))).toBe(
      hex(`04 01000000 01000000 01000000 01000000 65 01000000 01 ${ROWS}`),
    );
  });

  test('answers a reducer call', () => {
    const time = '4000000000000000';
    const answer = (outcome: Parameters<typeof writeReducerResult>[3]) =>
      hexOf(writer => writeReducerResult(writer, 1, 64n, outcome));

    expect(answer({ kind: 'ok', updates: [] })).toBe(hex(`06 01000000 ${time} 00 00000000 00000000`));
    expect(answer({ kind: 'ok', updates: [update] })).toBe(hex(`06 01000000 ${time} 00 00000000 ${UPDATE}`));
    expect(answer({ kind: 'error', message: 'x' })).toBe(hex(`06 01000000 ${time} 02 05000000 01000000 78`));
    expect(answer({ kind: 'internal-error', message: 'x' })).toBe(hex(`06 01000000 ${time} 03 01000000 78`));
  });

  test('answers a procedure call', () => {
    const value = Uint8Array.of(7);
    expect(hexOf(writer => writeProcedureResult(writer, 1, 64n, 2n, { kind: 'returned', value }))).toBe(
      hex('07 00 01000000 07 4000000000000000 0200000000000000 01000000'),
    );
    expect(hexOf(writer => writeProcedureResult(writer, 1, 0n, 0n, { kind: 'internal-error', message: 'x' }))).toBe(
      hex('07 01 01000000 78 0000000000000000 0000000000000000 01000000'),
    );
  });
});
