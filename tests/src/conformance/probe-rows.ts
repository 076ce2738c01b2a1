// The types of the rows of the probe module, by the name of their table or view on the wire.

import type { Type } from './bsatn.ts';

const person: Type = { product: { id: 'u32', name: 'string', age: 'u8', team_id: 'u32' } };
const mail: Type = { product: { id: 'u64', owner: 'identity', text: 'string' } };
const scheduleAt: Type = { sum: { Interval: 'duration', Time: 'timestamp' } };
const scheduled: Type = { product: { scheduled_id: 'u64', scheduled_at: scheduleAt, label: 'string' } };
const point: Type = { product: { x: 'i32', y: 'i32' } };

export const ZOO: Type = {
  product: {
    id: 'u32',
    b: 'bool',
    i8: 'i8',
    u8: 'u8',
    i16: 'i16',
    u16: 'u16',
    i32: 'i32',
    i64: 'i64',
    u64: 'u64',
    i128: 'i128',
    u128: 'u128',
    i256: 'i256',
    u256: 'u256',
    f32: 'f32',
    f64: 'f64',
    s: 'string',
    bytes: 'bytes',
    numbers: { array: 'i16' },
    maybe: { option: 'string' },
    point,
    shape: { sum: { Circle: 'f32', Rect: point, Nothing: 'unit' } },
    colour: { sum: { Red: 'unit', Green: 'unit', DarkBlue: 'unit' } },
    who: 'identity',
    link: 'connection_id',
    at: 'timestamp',
    span: 'duration',
    uuid: 'uuid',
  },
};

export const KEPT_AS_IS: Type = {
  product: { id: 'u32', camel_case: 'string', http_server: 'u32', level_2: 'u32', snake_case: 'bool' },
};

export const PROBE_ROWS: Readonly<Record<string, Type>> = {
  person,
  adults: person,
  oldest: person,
  moody: person,
  team: { product: { id: 'u32', title: 'string' } },
  loose: { product: { a: 'u32', b: 'string' } },
  secret: { product: { id: 'u32', note: 'string' } },
  unindexed: { product: { id: 'u32', other: 'u32' } },
  mail,
  my_mail: mail,
  my_mail_query: mail,
  happening: { product: { what: 'string', n: 'u32' } },
  trace: { product: { id: 'u64', what: 'string' } },
  signed_keys: { product: { id: 'u32', n: 'i32', s: 'string' } },
  counters: { product: { id: 'u32', a: 'u32', b: 'i8' } },
  one_shot: scheduled,
  heartbeat: scheduled,
  summary: { product: { team_id: 'u32', people: 'u32' } },
  KeptAsIs: KEPT_AS_IS,
  zoo: ZOO,
};
