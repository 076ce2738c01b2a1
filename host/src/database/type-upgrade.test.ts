// Changes of column types, against the rules of SpacetimeDB 2.8.3.

import { describe, expect, test } from 'vitest';
import type { AlgebraicType } from '../sats/type.ts';
import { bytesOf, DatabaseHarness } from './testing/database-harness.ts';
import { upgradeFaults } from './type-upgrade.ts';

const UNIT: AlgebraicType = { kind: 'product', elements: [] };
const U8: AlgebraicType = { kind: 'u8' };
const U64: AlgebraicType = { kind: 'u64' };
const STRING: AlgebraicType = { kind: 'string' };
const sum = (parts: Readonly<Record<string, AlgebraicType>>): AlgebraicType => ({
  kind: 'sum',
  variants: named(parts),
});
const product = (parts: Readonly<Record<string, AlgebraicType>>): AlgebraicType => ({
  kind: 'product',
  elements: named(parts),
});
const array = (element: AlgebraicType): AlgebraicType => ({ kind: 'array', element });
const option = (some: AlgebraicType): AlgebraicType => sum({ some, none: UNIT });
const named = (parts: Readonly<Record<string, AlgebraicType>>) =>
  Object.entries(parts).map(([name, type]) => ({ name, type }));

const AB = sum({ a: UNIT, b: UNIT });
const ABC = sum({ a: UNIT, b: UNIT, c: UNIT });
const PAYLOADS = sum({ a: U64, b: STRING });

const faultsOf = (before: AlgebraicType, after: AlgebraicType) =>
  upgradeFaults({ table: 'thing', column: 'x' }, { type: before, typespace: [] }, { type: after, typespace: [] });

describe('a column keeps its values', () => {
  test.each<[string, AlgebraicType, AlgebraicType]>([
    ['an enum with one more variant', AB, ABC],
    ['an array of an enum', array(AB), array(ABC)],
    ['an option of an enum', option(AB), option(ABC)],
    ['an option of an array of an enum', option(array(AB)), option(array(ABC))],
    ['an enum in an object', product({ n: U8, e: AB }), product({ n: U8, e: ABC })],
    ['an enum in a payload', sum({ one: product({ e: AB }) }), sum({ one: product({ e: ABC }) })],
    ['a sum with one more payload of the same size', PAYLOADS, sum({ a: U64, b: STRING, c: U64 })],
    ['a sum with one more, smaller payload', PAYLOADS, sum({ a: U64, b: STRING, c: U8 })],
    ['a payload that grows inside an array', array(sum({ a: U8 })), array(sum({ a: U8, b: UNIT }))],
    ['the same type', product({ a: array(PAYLOADS) }), product({ a: array(PAYLOADS) })],
  ])('of %s', (_name, before, after) => {
    expect(faultsOf(before, after)).toEqual([]);
  });
});

describe('a change is refused with the sentence of SpacetimeDB', () => {
  const x = 'column x in table thing from';
  test.each<[AlgebraicType, AlgebraicType, readonly string[]]>([
    [U8, U64, [`Changing the type of ${x} U8 to U64 requires a manual migration`]],
    [array(U8), array(U64), [`Changing a type within ${x} U8 to U64 requires a manual migration`]],
    [
      ABC,
      AB,
      [
        `Changing the type of ${x} (a: () | b: () | c: ()) to (a: () | b: ()), with fewer variants, requires a manual migration`,
      ],
    ],
    [
      array(AB),
      array(sum({ a: UNIT, z: UNIT })),
      [
        `Changing the type of ${x} (a: () | b: ()) to (a: () | z: ()), with a renamed variant, requires a manual migration`,
      ],
    ],
    [
      AB,
      sum({ a: UNIT, b: UNIT, c: U8 }),
      [
        `Changing the type of ${x} (a: () | b: ()) to (a: () | b: () | c: U8), requires a manual migration, due to size mismatch`,
      ],
    ],
    [
      option(sum({ a: U8 })),
      option(sum({ a: U8, b: U64 })),
      [
        `Changing a type within ${x} (a: U8) to (a: U8 | b: U64), requires a manual migration, due to size mismatch`,
        `Changing a type within ${x} (a: U8) to (a: U8 | b: U64), requires a manual migration, due to alignment mismatch`,
        `Changing the type of ${x} (some: (a: U8) | none: ()) to (some: (a: U8 | b: U64) | none: ()), requires a manual migration, due to size mismatch`,
        `Changing the type of ${x} (some: (a: U8) | none: ()) to (some: (a: U8 | b: U64) | none: ()), requires a manual migration, due to alignment mismatch`,
      ],
    ],
    [
      product({ a: U8 }),
      product({ a: U8, b: U8 }),
      [`Changing the type of ${x} (a: U8) to (a: U8, b: U8), with fewer fields, requires a manual migration`],
    ],
    [
      product({ a: U8 }),
      product({ b: U8 }),
      [`Changing the type of ${x} (a: U8) to (b: U8), with a renamed field, requires a manual migration`],
    ],
  ])('%#', (before, after, sentences) => {
    expect(faultsOf(before, after)).toEqual(sentences);
  });
});

const source = (more: string, timed = 'wake', index = 'byN') => `
  import { schema, table, t } from 'spacetimedb/server';
  const kind = t.enum('Kind', ['red', 'green'${more}]);
  const size = t.enum('Size', { small: t.u32(), large: t.u32()${more && ', huge: t.u32()'} });
  const thing = table({ public: true, indexes: [{ accessor: '${index}', name: 'thing_n', algorithm: 'btree', columns: ['n'] }] }, {
    id: t.u32().primaryKey(), n: t.u32(), plain: kind, many: t.array(kind), maybe: t.option(kind), inside: t.object('Inside', { kind }), size,
  });
  const timer = table({ scheduled: (): any => ${timed} }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
  const db = schema({ thing, timer });
  export default db;
  export const init = db.init(ctx => {
    const red = { tag: 'red' } as any;
    ctx.db.thing.insert({ id: 1, n: 1, plain: red, many: [red, { tag: 'green' } as any], maybe: red, inside: { kind: red }, size: { tag: 'large', value: 7 } as any });
  });
  export const ${timed} = db.reducer({ arg: timer.rowType }, () => {});
`;

test('a module with one more variant at each place takes the stored rows', async () => {
  await using db = await DatabaseHarness.open(source(''));
  const before = db.rows('thing');
  expect(db.database.update(bytesOf(source(", 'blue'")))).toEqual({ kind: 'updated', breaksClients: false });
  expect(db.rows('thing')).toEqual(before);
});

test('another schedule, and another accessor of an index, are refused', async () => {
  await using db = await DatabaseHarness.open(source(''));
  expect(() => db.database.update(bytesOf(source('', 'ring')), true)).toThrow(
    'Removing schedules is not yet implemented',
  );
  expect(() => db.database.update(bytesOf(source('', 'wake', 'byNumber')), true)).toThrow(
    /Changing the accessor name on index \S+ from Some\("byN"\) to Some\("byNumber"\) requires a manual migration/,
  );
});
