import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BsatnError } from '../sats/reader.ts';
import { BsatnWriter } from '../sats/writer.ts';
import { PROTOCOLS, readClientFrame, type Protocol } from './frame.ts';

const V2: Protocol = 'v2.bsatn.spacetimedb';
const V3: Protocol = 'v3.bsatn.spacetimedb';

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}
const QUERY = Buffer.from('SELECT * FROM a').toString('hex');

describe('a client message', () => {
  test.each([
    [
      `00 01000000 02000000 01000000 0f000000 ${QUERY}`,
      { kind: 'subscribe', requestId: 1, querySetId: 2, queries: ['SELECT * FROM a'] },
    ],
    ['01 01000000 02000000 01', { kind: 'unsubscribe', requestId: 1, querySetId: 2, wantsRows: true }],
    ['01 01000000 02000000 00', { kind: 'unsubscribe', requestId: 1, querySetId: 2, wantsRows: false }],
    [`02 03000000 0f000000 ${QUERY}`, { kind: 'one-off-query', requestId: 3, query: 'SELECT * FROM a' }],
    [
      '03 01000000 00 03000000 616464 02000000 0102',
      { kind: 'call-reducer', requestId: 1, name: 'add', args: bytes('0102') },
    ],
    ['04 07000000 00 01000000 70 00000000', { kind: 'call-procedure', requestId: 7, name: 'p', args: bytes('') }],
  ])('is read: %s', (hex, message) => {
    expect(readClientFrame(V2, bytes(hex))).toEqual([message]);
    expect(readClientFrame(V3, bytes(hex + hex))).toEqual([message, message]);
  });

  test.each([
    ['', V3, 'v3 websocket binary payload must contain at least one v2 client message'],
    ['090000', V3, 'unknown tag'],
    ['030000', V3, 'data too short'],
    ['02000000 00ffffffff', V3, 'data too short'],
    ['0000000000 01000000 ffffffff', V3, 'data too short'],
    ['0200000000 000000', V3, 'data too short'],
    ['01 01000000 02000000 02', V2, 'unknown tag'],
    ['', V2, 'data too short'],
  ])('that is malformed is refused: %s', (hex, protocol, why) => {
    expect(() => readClientFrame(protocol, bytes(hex))).toThrow(BsatnError);
    expect(() => readClientFrame(protocol, bytes(hex))).toThrow(why);
  });

  test('any bytes are either read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...PROTOCOLS), (frame, protocol) => {
        try {
          expect(readClientFrame(protocol, frame)?.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(BsatnError);
        }
      }),
    );
  });

  test('is not decoded beyond the number of messages and queries that a frame may have', () => {
    const unsubscribe = '01 00000000 00000000 00';
    expect(readClientFrame(V3, bytes(unsubscribe.repeat(3)), 3)).toHaveLength(3);
    // Bytes after the allowed messages are not read: they need not even be valid.
    expect(readClientFrame(V3, bytes(`${unsubscribe.repeat(3)} ff`), 3)).toBeUndefined();
    const subscribe = (count: number) =>
      new BsatnWriter()
        .u8(0)
        .u32(0)
        .u32(0)
        .u32(count)
        .raw(new Uint8Array(4 * count))
        .finish();
    expect(readClientFrame(V3, subscribe(65_536))).toHaveLength(1);
    const why = '65537 queries are too many for one frame';
    expect(() => readClientFrame(V3, subscribe(65_537))).toThrow(why);
    const two = Buffer.concat([subscribe(65_536), subscribe(1)]);
    expect(() => readClientFrame(V3, two)).toThrow('1 queries are too many for one frame');
  });
});
