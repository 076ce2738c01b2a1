// Isolation of a hostile module: every object it can reach belongs to its own realm, and the host survives its actions.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { DatabaseHarness } from '../database/testing/database-harness.ts';
import { extractDescription } from './index.ts';

/** Records reachable objects that are not of the module's realm. */
const SEARCH = `
  import * as sys from 'spacetime:sys@2.0';
  import { schema, table, t, SenderError } from 'spacetimedb/server';
  declare const console: { log(text: string): void };

  const found: string[] = [];
  const known = new Set<any>([Object.prototype, Function.prototype, null]);
  const search = (name: string, value: any, depth = 4, seen = new Set<any>()) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value) || found.length > 20) return;
    seen.add(value);
    try {
      let root = value;
      for (let next = value; next !== null; next = Object.getPrototypeOf(next)) root = next;
      if (root !== value && !known.has(root) && Object.getPrototypeOf(value) !== null && Object.hasOwn(root, '__proto__')) found.push(name + ' is foreign');
      if (value.constructor?.constructor?.('return typeof process')() === 'object') found.push(name + ' reaches process');
    } catch {}
    if (depth === 0) return;
    for (const key of Reflect.ownKeys(value)) {
      let inner;
      try { inner = value[key]; } catch (error) { inner = error; }
      search(name + '.' + String(key), inner, depth - 1, seen);
    }
  };
  const attempt = (name: string, run: () => unknown) => {
    try { search(name + ' returned', run(), 2); } catch (error) { search(name + ' threw', error, 2); }
  };
  const finish = () => console.log(JSON.stringify(found));

  const item = table({ public: true }, { id: t.u32().primaryKey(), text: t.string() });
  const db = schema({ item });
  export default db;
`;

async function findings(body: string, args: { kind?: 'reducer' | 'procedure' } = {}): Promise<unknown> {
  const source =
    args.kind === 'procedure'
      ? `${SEARCH} export const probe = db.procedure(t.unit(), (ctx: any) => { ${body}; finish(); return {}; });`
      : `${SEARCH} export const probe = db.reducer((ctx: any) => { ${body}; finish(); });`;
  await using db = await DatabaseHarness.open(source);
  const outcome = args.kind === 'procedure' ? db.procedure('probe') : db.call('probe');
  const last = db.logged().at(-1)?.message;
  expect({ outcome: outcome.kind, last }).toEqual({
    outcome: args.kind === 'procedure' ? 'returned' : 'committed',
    last: expect.any(String) as string,
  });
  return JSON.parse(last ?? '');
}

describe('no object of the host is reachable', () => {
  test('from the globals', async () => {
    expect(await findings(`search('globalThis', globalThis)`)).toEqual([]);
  });

  test('from the context and the system modules', async () => {
    expect(await findings(`search('ctx', ctx); search('sys', { ...sys })`)).toEqual([]);
  });

  test('from what system calls return and throw', async () => {
    const body = `
      const odd = [undefined, -1, NaN, 'x', {}, 10n, new ArrayBuffer(8), new Uint8Array(8),
        new Proxy({}, {}), { byteLength: 100, length: 100, [Symbol.iterator]: null }, new SharedArrayBuffer(8)];
      const names = Object.keys(sys).filter(name => name.includes('_') || name === 'identity');
      for (const name of names) {
        for (const a of odd) for (const b of odd) attempt(name, () => (sys as any)[name](a, b, 4, 0, 4, 4));
        for (const a of odd) attempt(name, () => (sys as any)[name](4097, a, 8, 0, 0, 0));
      }`;
    // A wrong argument is an error that the module may catch.
    const source = `${SEARCH} export const probe = db.reducer((ctx: any) => { ${body}; finish(); });`;
    await using db = await DatabaseHarness.open(source);
    expect(db.call('probe').kind).toBe('committed');
    expect(db.logged().find(({ level }) => level === 'Info')?.message).toBe('[]');
  });

  test('from errors of a stack overflow inside the host', async () => {
    const body = `
      const buffer = new ArrayBuffer(64);
      const calls: [string, () => unknown][] = [
        ['insert', () => ctx.db.item.insert({ id: 1, text: 'x'.repeat(40) })],
        ['find', () => ctx.db.item.id.find(1)],
        ['iter', () => [...ctx.db.item.iter()]],
        ['count', () => ctx.db.item.count()],
        ['log', () => console.log('x')],
        ['encode', () => new TextEncoder().encode('é'.repeat(50))],
        ['decode', () => new TextDecoder().decode(new Uint8Array(50).fill(200))],
        ['fatal', () => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(50).fill(200))],
        ['name', () => sys.table_id_from_name('nothing')],
        ['advance', () => sys.row_iter_bsatn_advance(99, buffer)],
        ['identity', () => sys.identity()],
        ['timer', () => sys.console_timer_end(sys.console_timer_start('x'))],
        ['Function', () => new Function('return 1')],
      ];
      for (const [name, call] of calls) {
        // Recursion with frames of varying size reaches the end of the stack at every point of the call.
        const down = (n: number, ...filler: number[]): void => {
          try { search(name, call(), 1); } catch (error) { search(name, error, 1); }
          down(n + 1, ...filler);
        };
        for (let size = 0; size < 2; size++) {
          try { down(0, ...new Array(size).fill(0)); } catch (error) { search(name + ' overflow', error); }
        }
      }`;
    const source = `${SEARCH}
      export const probe = db.reducer((ctx: any) => { ${body}; finish(); });
      export const look = db.reducer((ctx: any) => { finish(); });`;
    await using db = await DatabaseHarness.open(source);
    db.call('probe');
    db.call('look');
    expect(db.logged().at(-1)?.message).toBe('[]');
  }, 60_000);

  test('from call sites of a stack', async () => {
    const body = `
      const sites: any[] = [];
      const Loose: any = Error; try { Loose.prepareStackTrace = undefined; } catch {}
      try { Loose.prepareStackTrace = (error: any, trace: any[]) => { sites.push(...trace); return 'stack'; }; } catch {}
      const look = () => String(new Error('x').stack);
      look();
      try { Function('('); } catch (error) { String(error.stack); }
      try { (sys as any).datastore_insert_bsatn(1, null, 1); } catch (error) { String(error.stack); }
      try { (null as any).x; } catch (error) { String(error.stack); }
      console.log('a line with a stack');
      if (sites.length > 200) found.push('too many sites');
      for (const site of sites) {
        search('site', site);
        attempt('getThis', () => site.getThis());
        attempt('getFunction', () => site.getFunction());
        const f = site.getFunction();
        if (f && !String(site.getFileName() ?? 'spacetimedb').includes('spacetimedb')) found.push('function of ' + site.getFileName());
      }
      if (sites.length > 0) found.push('a module formats stacks');`;
    expect(await findings(body)).toEqual([]);
  });

  test('through import() in any spelling', async () => {
    const body = `
      const refused = (name: string, run: () => unknown) => {
        try {
          run();
          found.push(name + ' was not refused');
        } catch (error) {
          search(name, error);
          if (!String(error).includes('import() is not available')) found.push(name + ': ' + error);
        }
      };
      refused('Function', () => Function("return import('node:fs')"));
      refused('new Function', () => new Function("return import('node:fs')"));
      refused('eval', () => (0, eval)("import('node:fs')"));
      refused('comment', () => Function("return import/**/('node:fs')"));
      refused('argument', () => Function('/*', "*/){ return import('node:fs') "));
      refused('spread', () => Function("return [...import('node:fs')]"));
      refused('meta', () => Function("return import.meta"));
      refused('constructor', () => (() => 1).constructor("return import('node:fs')"));
      refused('async', () => (async () => 1).constructor("return import('node:fs')"));
      refused('generator', () => (function* () {}).constructor("return import('node:fs')"));
      refused('async generator', () => (async function* () {}).constructor("return import('node:fs')"));
      refused('parent', () => (Object.getPrototypeOf((function* () {}).constructor) as any)("return import('node:fs')"));
      refused('Reflect', () => Reflect.construct(Function, ["return import('node:fs')"]));
      refused('subclass', () => new (class extends Function {})("return import('node:fs')"));
      let asked = 0;
      refused('a text that changes', () => Function({ toString: () => (asked++ ? "import('node:fs')" : 'import("x")') } as any));
      const exec = RegExp.prototype.exec;
      RegExp.prototype.exec = () => null;
      RegExp.prototype.test = () => false;
      refused('patched RegExp', () => Function("return import('node:fs')"));
      RegExp.prototype.exec = exec;
      let leaked: any;
      (Object.prototype as any).get = (target: any) => { leaked = target; };
      (Object.prototype as any).getOwnPropertyDescriptor = (target: any) => { leaked = target; };
      Function.name; Function.prototype; (eval as any).name;
      delete (Object.prototype as any).get;
      delete (Object.prototype as any).getOwnPropertyDescriptor;
      if (leaked) found.push('a trap was handed the function behind the guard');
      if (new Function('a', 'b', 'return a.import + b')({ import: 1 }, 2) !== 3) found.push('harmless text was refused');
      if ((0, eval)('1 + 1') !== 2) found.push('eval is broken')`;
    expect(await findings(body)).toEqual([]);
  });

  test('from the results of an HTTP request', async () => {
    const body = `attempt('fetch', () => ctx.http.fetch('http://127.0.0.1:1/'));
      attempt('bad uri', () => ctx.http.fetch('no uri'));
      attempt('raw', () => sys.procedure_http_request(new Uint8Array(3), new Uint8Array(0)));`;
    const source = `${SEARCH} export const probe = db.procedure(t.unit(), (ctx: any) => { ${body}; finish(); return {}; });`;
    await using db = await DatabaseHarness.open(source);
    db.procedure('probe');
    expect(db.logged().find(({ level }) => level === 'Info')?.message).toBe('[]');
  });

  test('through hooks of the module’s own', () => {
    const bundle = `
      import * as sys from 'spacetime:sys@2.0';
      const look = (name, values) => { for (const value of values) {
        if (typeof value === 'object' && value !== null) {
          if (!(value instanceof Object) && Object.getPrototypeOf(value) !== null) throw new Error(name + ' got a foreign object');
          if (value.constructor?.constructor('return typeof process')() === 'object') throw new Error(name + ' reaches process');
        }
      } };
      class Hooks {
        get __sender_error_class__() { return class extends Error {}; }
        __get_error_constructor__() { return Error; }
        __describe_module__(...args) { look('describe', [this, ...args]); return new Uint8Array([2, 0, 0, 0, 0]); }
        __call_reducer__() {} __call_view__() {} __call_view_anon__() {} __call_procedure__() {}
      }
      export default { [sys.moduleHooks](...args) { look('moduleHooks', [this, ...args]); return new Hooks(); } };`;
    expect(extractDescription(bundle)).toEqual(new Uint8Array([2, 0, 0, 0, 0]));
  });
});

describe('the host survives', () => {
  test('when a module drops a rejected promise', async () => {
    const source = `${SEARCH}
      Promise.reject(new Error('while loading'));
      export const probe = db.reducer(() => { Promise.reject(new Error('dropped')); (async () => { throw 1; })(); });`;
    await using db = await DatabaseHarness.open(source);
    expect(db.call('probe').kind).toBe('committed');
    await nextTurn();
    await nextTurn();
    expect(db.call('probe').kind).toBe('committed');
  });

  test('when a thrown value is hostile', async () => {
    const source = `${SEARCH}
      export const proxy = db.reducer(() => { throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } }); });
      export const text = db.reducer(() => { throw { toString() { throw 1; }, get message() { throw 2; }, get stack() { throw 3; } }; });
      export const symbol = db.reducer(() => { throw Symbol('s'); });
      export const nothing = db.reducer(() => { throw undefined; });
      export const endless = db.reducer(() => { throw { toString() { return (this as any).toString(); } }; });
      export const instance = db.reducer(() => { Object.defineProperty(SenderError, Symbol.hasInstance, { value() { throw 1; } }); throw 1; });
      export const fine = db.reducer(() => {});`;
    await using db = await DatabaseHarness.open(source);
    for (const name of ['proxy', 'text', 'symbol', 'nothing', 'endless', 'instance']) {
      expect([name, db.call(name).kind]).toEqual([name, 'internal']);
    }
    expect(db.call('fine').kind).toBe('committed');
  });

  test('when a module breaks the built-ins of its realm', async () => {
    const source = `${SEARCH}
      export const probe = db.reducer((ctx: any) => {
        Uint8Array.prototype.slice = () => 1 as any;
        Uint8Array.prototype.set = () => { throw 1; };
        (Array.prototype as any)[Symbol.iterator] = () => { throw 1; };
        Object.defineProperty(ArrayBuffer.prototype, 'byteLength', { get: () => 1e9 });
        Function.prototype.call = Function.prototype.apply = () => { throw 1; };
        ctx.db.item.insert({ id: 1, text: 'x' });
      });`;
    await using db = await DatabaseHarness.open(source);
    db.call('probe');
    await using other = await DatabaseHarness.open(`${SEARCH} export const fine = db.reducer(() => {});`);
    expect(other.call('fine').kind).toBe('committed');
  });

  test('and the module has its own console', async () => {
    const before = globalThis.console;
    await using db = await DatabaseHarness.open(
      `${SEARCH} export const fine = db.reducer(() => console.log('to the log'));`,
    );
    db.call('fine');
    expect(globalThis.console).toBe(before);
    expect(db.logged().map(({ message }) => message)).toEqual(['to the log']);
  });
});
