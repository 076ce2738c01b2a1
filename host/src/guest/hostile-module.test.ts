// Ways in which a hostile or broken module could leave its realm, or stop or end the host. Each was found in a review.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DatabaseHarness } from '../database/testing/database-harness.ts';
import { extractDescription } from './index.ts';

const LIMITS = { callMs: 10_000, callBytes: 1024 ** 3 };
/** For code that never ends. */
const SHORT = { callMs: 250, callBytes: 1024 ** 3 };

const HEAD = `
  import * as sys from 'spacetime:sys@2.0';
  import { schema, table, t } from 'spacetimedb/server';
  declare const console: { log(text: string): void };
  const item = table({ public: true }, { id: t.u32().primaryKey(), text: t.string() });
  const db = schema({ item });
  const failure = (run: () => unknown) => {
    try { run(); return 'no error'; } catch (error: any) { return error.constructor.name + ': ' + error.message; }
  };
`;

const open = (source: string, callLimits = LIMITS) =>
  DatabaseHarness.open(`${HEAD} export default db; ${source}`, { callLimits });

/** Runs the reducer `probe` and returns the last line that it logged. */
async function lineOf(body: string): Promise<string | undefined> {
  await using db = await open(`export const probe = db.reducer((ctx: any) => { ${body} });`);
  expect(db.call('probe').kind).toBe('committed');
  return db.logged().at(-1)?.message;
}

/** Modules that leave their realm set this global of the host. */
declare global {
  var escaped: boolean | undefined;
}
const rejections: unknown[] = [];
const noteRejection = (reason: unknown) => void rejections.push(reason);
beforeEach(() => {
  rejections.length = 0;
  globalThis.escaped = undefined;
  process.on('unhandledRejection', noteRejection);
});
afterEach(async () => {
  await nextTurn();
  await nextTurn();
  process.off('unhandledRejection', noteRejection);
  expect({ escaped: globalThis.escaped, rejections: rejections.length }).toEqual({ escaped: undefined, rejections: 0 });
});

/** Steals an object of the host if it is given one. */
const STEAL = `
  const steal = (value) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
    if (value instanceof Object) return;
    const root = value.constructor?.constructor?.('return globalThis')();
    if (root) root.escaped = true;
  };
`;

describe('a bundle that replaces built-ins before it is described', () => {
  const hooks = `
    class Hooks {
      get __sender_error_class__() { return class extends Error {}; }
      __get_error_constructor__() { return Error; }
      __describe_module__() { return new Uint8Array([2, 0, 0, 0, 0]); }
      __call_reducer__() {} __call_view__() {} __call_view_anon__() {} __call_procedure__() {}
    }
    export default { [sys.moduleHooks]() { return new Hooks(); } };`;
  const bundleWith = (attack: string) => `import * as sys from 'spacetime:sys@2.0'; ${STEAL} ${attack} ${hooks}`;

  test('gets no error of the host through Reflect.get', () => {
    const attack = `
      const realGet = Reflect.get;
      Reflect.get = (target, key) => { steal(target); return realGet(target, key); };
      Uint8Array.prototype.slice = () => ({ buffer: null, length: 0 });`;
    expect(extractDescription(bundleWith(attack))).toEqual(new Uint8Array([2, 0, 0, 0, 0]));
  });

  test('gets no pattern of the host through the methods of strings', () => {
    const attack = `
      const spy = function (...args) { steal(this); args.forEach(steal); return { matchAll: spy, slice: spy, indexOf: spy }; };
      for (const name of Object.getOwnPropertyNames(String.prototype)) {
        if (name !== 'length' && name !== 'constructor') String.prototype[name] = spy;
      }
      sys.console_log(2, 'a line');`;
    expect(extractDescription(bundleWith(attack))).toEqual(new Uint8Array([2, 0, 0, 0, 0]));
  });

  test('gets no argument list of the host through iterators', () => {
    const attack = `
      const iterate = Array.prototype[Symbol.iterator];
      Array.prototype[Symbol.iterator] = function () { steal(this); return iterate.call([null, null, null]); };
      try { sys.console_timer_end(1); } catch (error) { steal(error); }
      try { sys.datastore_insert_bsatn(1, null, 1); } catch (error) { steal(error); }`;
    // The array literal of the description uses the replaced iterator, too.
    expect(extractDescription(bundleWith(attack))).toEqual(new Uint8Array(3));
  });
});

describe('buffers that are not what they seem', () => {
  test('with a getter that loops do not hold the host up', async () => {
    const body = `
      const buffer = new ArrayBuffer(64);
      for (const name of ['byteLength', 'byteOffset', 'length', 'constructor', 'detached', 'slice', 'valueOf', Symbol.iterator, Symbol.toPrimitive]) {
        Object.defineProperty(buffer, name, { get() { for (;;); } });
      }
      failure(() => sys.datastore_insert_bsatn(sys.table_id_from_name('item'), buffer, 8));
      console.log(failure(() => sys.row_iter_bsatn_advance(sys.datastore_table_scan_bsatn(sys.table_id_from_name('item')), buffer)));`;
    // The row of eight zero bytes has the empty text.
    expect(await lineOf(body)).toBe('no error');
  });

  test.each([
    ['a detached one', `const b = new ArrayBuffer(64); b.transfer(); return b;`, 'RangeError'],
    ['a shared one', `return new SharedArrayBuffer(64);`, 'TypeError'],
    ['a proxy', `return new Proxy(new ArrayBuffer(64), {});`, 'TypeError'],
    ['an object', `return { byteLength: 64, length: 64, slice() { return this; } };`, 'TypeError'],
    ['one of a memory', `return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer;`, 'TypeError'],
    ['one made smaller', `const b = new ArrayBuffer(64, { maxByteLength: 64 }); b.resize(4); return b;`, 'RangeError'],
  ])('%s is refused with an error of the realm', async (_name, make, expected) => {
    const body = `
      const buffer: any = (() => { ${make} })();
      const id = sys.table_id_from_name('item');
      const index = sys.index_id_from_name('item_id_idx_btree');
      const seen = [
        () => sys.datastore_insert_bsatn(id, buffer, 8),
        () => sys.datastore_update_bsatn(id, index, buffer, 8),
        () => sys.datastore_index_scan_point_bsatn(index, buffer, 8),
        () => sys.datastore_index_scan_range_bsatn(index, buffer, 0, 0, 8, 0),
        () => sys.datastore_delete_by_index_scan_point_bsatn(index, buffer, 8),
        () => sys.datastore_delete_by_index_scan_range_bsatn(index, buffer, 0, 0, 8, 0),
        () => sys.datastore_delete_all_by_eq_bsatn(id, buffer, 8),
      ].map(call => failure(call).split(':')[0]);
      console.log(JSON.stringify([...new Set(seen)]));`;
    expect(JSON.parse((await lineOf(body)) ?? '')).toEqual([expected]);
  });

  test('a detached buffer of arguments neither ends the host nor blocks the next call', async () => {
    const source = `${HEAD}
      let args: ArrayBuffer | undefined;
      const wrapped = Object.create(db, { [(sys as any).moduleHooks]: { value: (names: any) => {
        const hooks = (db as any)[(sys as any).moduleHooks](names);
        const call = hooks.__call_reducer__;
        Object.defineProperty(hooks, '__call_reducer__', { value(id: any, s: any, c: any, at: any, view: DataView) {
          args = view.buffer as ArrayBuffer;
          return call.call(this, id, s, c, at, view);
        } });
        return hooks;
      } } });
      export default wrapped;
      export const other = db.reducer({ n: t.u32() }, (_ctx: any, { n }: any) => console.log('other ' + n));
      export const bare = db.reducer(() => {});
      export const probe = db.reducer(() => {
        (sys as any).volatile_nonatomic_schedule_immediate('other', new Uint8Array([7, 0, 0, 0]));
        (args as any).transfer();
        Object.defineProperty(args!, 'byteLength', { value: 1e6 });
      });`;
    await using db = await DatabaseHarness.open(source, { callLimits: LIMITS });
    expect(db.call('probe').kind).toBe('committed');
    expect(db.call('bare').kind).toBe('committed');
    db.world.advance(1);
    expect(db.logged().at(-1)?.message).toBe('other 7');
  });
});

describe('promises never reach Node.js', () => {
  const hostile = `
    const traps = { get() { throw new Error('hostile'); }, getPrototypeOf() { throw new Error('hostile'); } };
    const hostile = (promise: any) => Object.setPrototypeOf(promise, new Proxy({}, traps));`;

  test.each([
    ['constructor', `hostile(new Promise((_, reject) => reject(1)))`],
    ['executor that throws', `hostile(new Promise(() => { throw 1; }))`],
    ['late rejection', `let late: any; hostile(new Promise((_, reject) => { late = reject; })); late(1)`],
    ['reject', `hostile(Promise.reject(1))`],
    ['try', `hostile((Promise as any).try(() => { throw 1; }))`],
    ['all', `hostile(Promise.all(1 as any))`],
    ['withResolvers', `const { promise, reject } = (Promise as any).withResolvers(); hostile(promise); reject(1)`],
    ['thenable', `hostile(Promise.resolve({ get then() { throw 1; } }))`],
    ['subclass', `hostile(new (class extends Promise<void> {})((_, reject) => reject(1)))`],
    [
      'species',
      `hostile(new (class extends Promise<void> { static get [Symbol.species]() { return undefined as any; } })((_, reject) => reject(1)).then())`,
    ],
    [
      'constructor replaced',
      `Object.defineProperty(Promise.prototype, 'constructor', { get() { throw 1; } }); hostile(new Promise((_, reject) => reject(1)))`,
    ],
    ['async function', `hostile((async () => { throw 1; })())`],
    ['async generator', `const made = (async function* () { throw 1; })(); hostile(made.next())`],
    ['async generator of a wrong receiver', `hostile(((async function* () {})() as any).next.call(1))`],
    ['for await', `hostile((async () => { for await (const _ of [Promise.reject(1)]); })())`],
    ['await using', `hostile((async () => { await using _ = { [Symbol.asyncDispose]() { throw 1; } } as any; })())`],
    [
      'top of the prototype',
      `Object.defineProperty(Object.prototype, Symbol.for('x'), { get() { throw 1; } }); Promise.reject(1)`,
    ],
  ])('rejected by %s', async (_name, attack) => {
    await using db = await open(`${hostile} export const probe = db.reducer(() => { ${attack}; });
      export const fine = db.reducer(() => {});`);
    db.call('probe');
    await nextTurn();
    await nextTurn();
    expect(db.call('fine').kind).toBe('committed');
  });

  test('rejected by any built-in of the realm', async () => {
    const body = `
      const seen = new Set<any>();
      const visit = (value: any) => {
        if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
        seen.add(value);
        for (const key of Reflect.ownKeys(value)) {
          const found = Object.getOwnPropertyDescriptor(value, key)!;
          visit(found.value); visit(found.get); visit(found.set);
        }
        visit(Object.getPrototypeOf(value));
      };
      visit(globalThis);
      const blocking = new Set<any>([Atomics.wait]);
      let calls = 0;
      for (const value of seen) {
        if (typeof value !== 'function' || blocking.has(value)) continue;
        for (const args of [[], [1], [{}], [() => { throw 1; }]]) {
          for (const self of [undefined, 1, {}, Promise]) { calls++; try { value.apply(self, args); } catch {} }
          calls++; try { new value(...args); } catch {}
        }
      }
      console.log(String(calls > 5000));`;
    const source = `export const probe = db.reducer(() => { ${body} });`;
    await using db = await open(source);
    db.call('probe');
    expect(db.logged().at(-1)?.message).toBe('true');
  });

  test('made by text that is compiled at run time', async () => {
    const body = `
      const texts = ['return async () => {}', 'return async function () {}', 'return { async m() {} }', 'return {async\\n*[1](){}}',
        'return class { static async #a() {} }', 'return [...async () => 1]', 'return (async x => x)', 'return {async"m"(){}}'];
      const fine = ['return { async: 1 }.async', 'const async = 1; return async', 'return "x.async"'];
      console.log(JSON.stringify([texts.map(text => failure(() => new Function(text))), fine.map(text => failure(() => new Function(text)))]));`;
    const [refused, allowed] = JSON.parse((await lineOf(body)) ?? '') as [string[], string[]];
    expect(new Set(refused)).toEqual(
      new Set(['TypeError: async functions are not available in text that is compiled at run time']),
    );
    expect(new Set(allowed)).toEqual(new Set(['no error']));
  });
});

describe('code of a module runs in calls only', () => {
  test('nothing that compiles, waits or disposes asynchronously is available', async () => {
    const body = `console.log(JSON.stringify([
      ...['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming', 'promising', 'Suspending'].map(name => name in WebAssembly),
      'fromAsync' in Array, 'waitAsync' in Atomics, 'AsyncDisposableStack' in globalThis,
    ]));`;
    expect(new Set(JSON.parse((await lineOf(body)) ?? '') as boolean[])).toEqual(new Set([false]));
  });

  test('a start function that loops is cut off with its call', async () => {
    // (module (func $f (loop br 0)) (start $f))
    const bytes = '0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,8,1,0,10,9,1,7,0,3,64,12,0,11,11';
    await using db = await open(
      `
      export const probe = db.reducer(() => { new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([${bytes}]))); });
      export const fine = db.reducer(() => {});`,
      SHORT,
    );
    expect(db.call('probe').kind).toBe('internal');
    expect(db.logged().at(-1)?.message).toContain('it ran for more than 250 ms');
    expect(db.call('fine').kind).toBe('committed');
  });

  test.each([
    ['toPrimitive', `throw { [Symbol.toPrimitive]() { for (;;); } };`],
    ['message', `throw { get message() { for (;;); } };`],
    ['prototype', `throw new Proxy({}, { getPrototypeOf() { for (;;); } });`],
    ['prepareStackTrace', `(Error as any).prepareStackTrace = () => { for (;;); }; null!.x;`],
    [
      'stack',
      `const error = new Error('x'); Object.defineProperty(error, 'stack', { get() { for (;;); } }); throw error;`,
    ],
  ])('a thrown value that loops in %s is cut off or ignored', async (_name, attack) => {
    await using db = await open(
      `export const probe = db.reducer(() => { ${attack} });
      export const fine = db.reducer(() => {});`,
      SHORT,
    );
    expect(db.call('probe').kind).toBe('internal');
    expect(db.call('fine').kind).toBe('committed');
  });
});

describe('a module that was cut off and does not load again', () => {
  const source = `
    const started = Date.now();
    if (started > __LIMIT__) throw new Error('not any more');
    export const bye = db.clientDisconnected(() => {});
    export const loop = db.reducer(() => { for (;;); });
    export const fine = db.reducer(() => {});`;

  test('fails each call with the reason, and ends nothing', async () => {
    const limit = Date.now() + 1500;
    await using db = await open(source.replace('__LIMIT__', String(limit)), SHORT);
    const client = { identity: 0x1n, connectionId: 0x2n, claims: undefined };
    expect(db.database.connect(client).kind).toBe('committed');
    expect(db.call('loop').kind).toBe('internal');
    while (Date.now() <= limit) await nextTurn();

    expect(db.call('fine').kind).toBe('internal');
    db.database.disconnect(client);
    expect(db.logged().at(-1)?.message).toContain('cannot load the module again: Uncaught Error: not any more');
  });
});

test('arguments of elements without bytes are checked without a step for each', async () => {
  await using db = await open(`export const take = db.reducer({ x: t.array(t.array(t.unit())) }, () => {});`, SHORT);
  const count = 500_000;
  const args = Buffer.alloc(4 + 4 * count);
  args.writeUInt32LE(count, 0);
  for (let at = 0; at < count; at++) args.writeUInt32LE(65_536, 4 + 4 * at);
  const startedAt = performance.now();
  // The module decodes all of them, and is stopped for it.
  expect(db.database.call('take', args, { identity: 1n, connectionId: undefined, claims: undefined }).kind).toBe(
    'internal',
  );
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});
