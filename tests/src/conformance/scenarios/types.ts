// A row of every type, in BSATN, in SQL and in JSON.

import { KEPT_AS_IS, ZOO } from '../probe-rows.ts';
import { showRows } from '../show.ts';
import type { Session } from '../session.ts';

export async function types(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  await s.start('probe', owner);
  const a = await s.connect('a');
  const base = {
    id: 1,
    b: true,
    i8: -128,
    u8: 255,
    i16: -32768,
    u16: 65535,
    i32: -2147483648,
    i64: -(2n ** 63n),
    u64: 2n ** 64n - 1n,
    i128: -(2n ** 127n),
    u128: 2n ** 128n - 1n,
    i256: -(2n ** 255n),
    u256: 2n ** 256n - 1n,
    f32: 1.5,
    f64: -2.25,
    s: 'zoë "quoted"',
    bytes: '\x00\x01\x7f',
    numbers: [-1, 0, 1],
    maybe: 'yes',
    point: { x: -1, y: 2 },
    shape: { Rect: { x: 3, y: 4 } },
    colour: { DarkBlue: null },
    who: 'c200' + '11'.repeat(29) + '12',
    link: '00112233445566778899aabbccddeeff',
    at: 1_500_000_000_123_456n,
    span: -1_500_000n,
    uuid: '01890a5d-ac96-774b-bcce-b302099a8057',
  };
  s.transcript.name('identity', base.who, 'who');
  await a.subscribe(1, 'SELECT * FROM zoo', 'SELECT * FROM KeptAsIs');
  s.step('a row of every type');
  await a.call('add_zoo', [ZOO, base]);
  s.step('zeros and nothings');
  await a.call('add_zoo', [
    ZOO,
    {
      ...base,
      id: 2,
      b: false,
      i8: 0,
      u8: 0,
      i64: 0n,
      u64: 0n,
      i256: 0n,
      u256: 0n,
      f32: -0,
      f64: 0,
      s: '',
      bytes: '',
      numbers: [],
      maybe: null,
      shape: { Nothing: null },
      colour: { Red: null },
      at: 0n,
      span: 0n,
    },
  ]);
  s.step('floats that are not numbers');
  await a.call('add_zoo', [ZOO, { ...base, id: 3, f32: NaN, f64: Infinity, shape: { Circle: 0.1 } }]);
  s.step('as JSON over HTTP');
  await s.sql('SELECT * FROM zoo WHERE id = 1', owner);
  await s.sql('SELECT * FROM zoo WHERE id = 2', owner);
  await s.sql('SELECT * FROM zoo WHERE id = 3', owner);
  s.step('conditions on every type');
  for (const w of [
    'b = true',
    'i8 = -128',
    'u64 = 18446744073709551615',
    'i128 < 0',
    'u256 > 0',
    'f32 = 1.5',
    'f64 < 0',
    's = \'zoë "quoted"\'',
    'bytes = 0x00017f',
    "bytes = X'00017f'",
    `who = 0x${base.who}`,
    `link = 0x${base.link}`,
    "at = '2017-07-14T02:40:00.123456Z'",
    "at > '2017-07-14'",
    'span = -1500000',
    "uuid = '01890a5d-ac96-774b-bcce-b302099a8057'",
    'uuid = 0x01890a5dac96774bbcceb302099a8057',
    "maybe = 'yes'",
    'point = 1',
    'colour = 1',
    'numbers = 1',
    'at > 0',
  ])
    await a.query(`SELECT * FROM zoo WHERE ${w}`);
  s.step('names of columns');
  await a.call('add_naming', [KEPT_AS_IS, { id: 1, camel_case: 'x', http_server: 1, level_2: 2, snake_case: true }]);
  await s.sql('SELECT * FROM KeptAsIs', owner);
  s.step('a row given as JSON');
  await s.callHttp('add_naming', owner, [[2, 'y', 1, 2, false]]);
  await s.callHttp('add_naming', owner, [{ id: 3, camel_case: 'z', http_server: 1, level_2: 2, snake_case: false }]);
  await s.callHttp('add_naming', owner, [{ id: 4, camelCase: 'z', HTTPServer: 1, level2: 2, snake_case: false }]);
  s.step('an identity given as JSON');
  await s.callHttp('send_mail', owner, [[`0x${owner.identity}`], 'one']);
  await s.callHttp('send_mail', owner, [{ __identity__: `0x${owner.identity}` }, 'two']);
  await s.callHttp('send_mail', owner, [owner.identity, 'three']);
  await s.sql('SELECT text FROM mail', owner, { show: showRows });
}
