// Valid and invalid literals of every type, with their values.

import { describe, expect, test } from 'vitest';
import { runQuery } from './query.ts';
import {
  ANN,
  CONNECTION_ID,
  DURATION,
  IDENTITY,
  refusalOf,
  TestSource,
  TIMESTAMP,
  UUID,
} from './testing/test-source.ts';

describe('literals', () => {
  const source = new TestSource({
    zoo: {
      columns: {
        b: 'bool',
        small: 'i8',
        big: 'u64',
        huge: 'i128',
        widest: 'u256',
        f: 'f32',
        d: 'f64',
        s: 'string',
        bytes: { kind: 'array', element: { kind: 'u8' } },
        numbers: { kind: 'array', element: { kind: 'i16' } },
        who: IDENTITY,
        link: CONNECTION_ID,
        at: TIMESTAMP,
        span: DURATION,
        uuid: UUID,
        maybe: {
          kind: 'sum',
          variants: [
            { name: 'some', type: { kind: 'string' } },
            { name: 'none', type: { kind: 'product', elements: [] } },
          ],
        },
        point: {
          kind: 'product',
          elements: [
            { name: 'x', type: { kind: 'i32' } },
            { name: 'y', type: { kind: 'i32' } },
          ],
        },
      },
    },
  });
  source.insert(
    'zoo',
    true,
    -128,
    2n ** 64n - 1n,
    -(2n ** 127n),
    2n ** 256n - 1n,
    1.5,
    -2.25,
    'zoë',
    new Uint8Array([0, 1, 127]),
    [1],
    [ANN],
    [0x00112233445566778899aabbccddeeffn],
    [1_500_000_000_123_456n],
    [1n],
    [0x01890a5dac96774bbcceb302099a8057n],
    { tag: 1, value: [] },
    [1, 2],
  );

  test.each([
    'b = true',
    'b',
    'b <> FALSE',
    'small = -128',
    'small < -1.27e2',
    'big = 18446744073709551615',
    'big = 1844674407370955161500e-2',
    'big >= 0',
    'huge < 0',
    `widest = ${2n ** 256n - 1n}`,
    'widest > 1e70',
    'f = 1.5',
    'f < 1e40',
    "d = '-2.25'",
    'd <> 0',
    "s = 'zoë'",
    "s > 'zo'",
    'bytes = 0x00017f',
    "bytes = X'00017F'",
    'bytes > 0x0000ff',
    'who = :sender',
    `who = '0x${'0'.repeat(63)}2'`,
    'link = 0x00112233445566778899aabbccddeeff',
    "at = '2017-07-14T02:40:00.123456Z'",
    "at = '2017-07-14 04:40:00.123456789+02:00'",
    "at > '2017-07-13T23:59:59-01:00'",
    "uuid = '01890a5d-ac96-774b-bcce-b302099a8057'",
    'uuid = 0x01890a5dac96774bbcceb302099a8057',
    '-128 = small AND 0 > huge',
  ])('the row has %s', condition => {
    expect(runQuery(source, `SELECT * FROM zoo WHERE ${condition}`, ANN).rows).toHaveLength(1);
  });

  test.each([
    ['small = 128', '128', 'I8'],
    ['small = 0x10', '10', 'I8'],
    ['big = -1', '-1', 'U64'],
    ['big = 0.5', '0.5', 'U64'],
    ['big = 1e400000000', '1e400000000', 'U64'],
    ['big = 1e-400000000', '1e-400000000', 'U64'],
    ["big = ''", '', 'U64'],
    ["f = 'NaN'", 'NaN', 'F32'],
    ["b = 'true'", 'true', 'Bool'],
    ['bytes = 0x123', '123', 'Array<U8>'],
    ['numbers = 1', '1', 'Array<I16>'],
    ['who = 0x00', '00', '(__identity__: U256)'],
    ["at > '2017-07-14'", '2017-07-14', '(__timestamp_micros_since_unix_epoch__: I64)'],
    ["at > '2017-02-30T00:00:00Z'", '2017-02-30T00:00:00Z', '(__timestamp_micros_since_unix_epoch__: I64)'],
    ['span = 1', '1', '(__time_duration_micros__: I64)'],
    ["maybe = 'yes'", 'yes', '(some: String | none: ())'],
    ['point = 1', '1', '(x: I32, y: I32)'],
  ])('%s is refused', (condition, literal, type) => {
    expect(refusalOf(() => runQuery(source, `SELECT * FROM zoo WHERE ${condition}`, ANN))).toBe(
      `The literal expression \`${literal}\` cannot be parsed as type \`${type}\``,
    );
  });

  test('columns of a type without an order cannot be compared', () => {
    expect(refusalOf(() => runQuery(source, 'SELECT * FROM zoo WHERE maybe = maybe', ANN))).toBe(
      'Invalid binary operator `=` for type `(some: String | none: ())`',
    );
  });
});
