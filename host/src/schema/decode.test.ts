import { describe, expect, test } from 'vitest';
import { BsatnWriter } from '../sats/writer.ts';
import { decodeModule } from './decode.ts';
import { EMPTY_MODULE } from './raw.ts';

type Write = (to: BsatnWriter) => BsatnWriter;

/** A description with these sections, each given as tag and body. */
function description(...sections: [tag: number, body: Write][]): Uint8Array {
  const writer = new BsatnWriter().u8(2).u32(sections.length);
  for (const [tag, body] of sections) body(writer.u8(tag));
  return writer.finish();
}

const none: Write = to => to.u32(0);
const U32 = 11;
const STRING = 4;
const some = (to: BsatnWriter, text: string) => to.u8(0).string(text);

const typespace: Write = to =>
  some(some(to.u32(1).u8(2).u32(2), 'id').u8(U32), 'kind')
    .u8(1)
    .u32(0);
const reducers: Write = to => {
  some(to.u32(1).string('doIt').u32(1), 'x').u8(3).u8(0).u32(0);
  return to.u8(1).u8(2).u32(0).u8(STRING);
};

describe('a description', () => {
  test('may have its sections in any order, and missing ones are empty', () => {
    const expected = {
      ...EMPTY_MODULE,
      typespace: [
        {
          kind: 'product',
          elements: [
            { name: 'id', type: { kind: 'u32' } },
            { name: 'kind', type: { kind: 'sum', variants: [] } },
          ],
        },
      ],
      reducers: [
        {
          sourceName: 'doIt',
          params: {
            kind: 'product',
            elements: [{ name: 'x', type: { kind: 'array', element: { kind: 'ref', ref: 0 } } }],
          },
          visibility: 'clientCallable',
          ok: { kind: 'product', elements: [] },
          err: { kind: 'string' },
        },
      ],
    };
    expect(decodeModule(description([0, typespace], [3, reducers]))).toEqual(expected);
    expect(decodeModule(description([3, reducers], [0, typespace]))).toEqual(expected);
    expect(decodeModule(description())).toEqual(EMPTY_MODULE);
  });

  test('contains all properties of a table', () => {
    const tables: Write = to => {
      to.u32(1).string('t').u32(7);
      to.u32(1).u16(0);
      some(some(to.u32(2), 'i'), 'byI')
        .u8(1)
        .u32(2)
        .u16(1)
        .u16(0);
      to.u8(1).u8(1).u8(2).u16(3);
      to.u32(1).u8(1).u8(0).u32(1).u16(0);
      to.u32(1).u8(1).u16(0).u8(0).i128(-5n).u8(1).u8(1).i128(2n);
      to.u8(1).u8(1);
      to.u32(1).u16(2).byteArray(Uint8Array.of(9));
      return to.bool(true);
    };
    expect(decodeModule(description([2, tables])).tables).toEqual([
      {
        sourceName: 't',
        rowType: 7,
        primaryKey: [0],
        indexes: [
          { sourceName: 'i', accessor: 'byI', algorithm: 'hash', columns: [1, 0] },
          { sourceName: undefined, accessor: undefined, algorithm: 'direct', columns: [3] },
        ],
        uniques: [{ sourceName: undefined, columns: [0] }],
        sequences: [{ sourceName: undefined, column: 0, start: -5n, min: undefined, max: undefined, increment: 2n }],
        type: 'user',
        access: 'private',
        defaults: [{ column: 2, value: Uint8Array.of(9) }],
        isEvent: true,
      },
    ]);
  });

  test('contains routes, explicit names, policy and submodules', () => {
    const routes: Write = to =>
      to
        .u32(3)
        .string('h')
        .u8(0)
        .string('/a')
        .string('h')
        .u8(1)
        .u8(2)
        .string('/b')
        .string('h')
        .u8(1)
        .u8(9)
        .string('purge')
        .string('');
    const names: Write = to => to.u32(1).u8(2).string('i').string('j');
    const submodules: Write = to => to.u32(1).string('lib').u32(1).u8(8).u32(1).string('SELECT 1');
    const module = decodeModule(description([12, routes], [10, names], [9, to => to.u8(0)], [14, submodules]));
    expect(module.routes).toEqual([
      { handler: 'h', method: undefined, path: '/a' },
      { handler: 'h', method: 'POST', path: '/b' },
      { handler: 'h', method: 'PURGE', path: '' },
    ]);
    expect(module.explicitNames).toEqual([{ kind: 'index', sourceName: 'i', canonicalName: 'j' }]);
    expect(module.casePolicy).toBe('none');
    expect(module.submodules).toEqual([
      { namespace: 'lib', module: { ...EMPTY_MODULE, rowLevelSecurity: ['SELECT 1'] } },
    ]);
  });

  test.each([
    ['of version 9', Uint8Array.of(1, 0, 0, 0, 0), /older version 9; build the module with spacetimedb 2 or newer/],
    ['of no version', Uint8Array.of(7), /unknown version/],
    ['with bytes after it', new Uint8Array([...description(), 0]), /1 bytes are left after it/],
    [
      'with a section of the future',
      description([15, none]),
      /unknown section 15; the module was built for a newer server/,
    ],
    ['with a section twice', description([8, none], [8, none]), /section 8 comes twice/],
    ['cut short', description([3, reducers]).subarray(0, -1), /data too short/],
    ['without a byte', new Uint8Array(), /data too short/],
    ['with a type of no kind', description([0, to => to.u32(1).u8(20)]), /unknown type tag 20/],
    ['with an endless type', description([0, to => to.u32(1).raw(new Uint8Array(500).fill(3))]), /nested deeper/],
  ])('%s is refused', (_what, bytes, message) => {
    expect(() => decodeModule(bytes)).toThrow(
      expect.objectContaining({ code: 'schema/invalid', message: expect.stringMatching(message) as string }),
    );
  });
});
