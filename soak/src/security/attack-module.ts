// The attacker: a module that replaces built-ins of its realm and calls the host with hostile arguments. It runs in the realm
// from the text of the function, and looks at every object that it is given: one of another realm is an escape.

/* eslint-disable @typescript-eslint/unbound-method -- methods are kept because the attacker replaces them on their objects */

/** The functions of `spacetime:sys@2.0`, and its symbol. */
type System = Record<string, unknown> & { readonly moduleHooks: symbol };

/** Makes the default export of the module; `description` is the result of `__describe_module__`. */
export function attackModule(sys: System, description: readonly number[]): object {
  'use strict';

  // Everything that the attacker itself uses, because it replaces the originals.
  const { apply, construct, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } =
    Reflect;
  const { imul } = Math;
  const text = String;
  const Sealed = {
    Uint8Array,
    ArrayBuffer,
    Proxy,
    Error,
    DataView,
    Set,
  };
  const { prototype: objectPrototype } = Object;
  const setAdd = Sealed.Set.prototype.add;
  const setHas = Sealed.Set.prototype.has;
  const log = sys['console_log'] as (level: number, text: string) => void;
  const getUint32 = Sealed.DataView.prototype.getUint32;

  let state = 1;
  const below = (bound: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };

  // Escapes.
  let escapes = 0;
  let firstEscape = '';
  let situation = '';
  const own = new Sealed.Set<unknown>();
  const isForeign = (value: unknown): boolean => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
    if (apply(setHas, own, [value])) return false;
    try {
      let root: object = value;
      for (let next: object | null = value; next !== null; next = getPrototypeOf(next)) root = next;
      return root !== objectPrototype && root !== value;
    } catch {
      return false; // A trap of one of our proxies.
    }
  };
  const look = (value: unknown, where: string): void => {
    if (!isForeign(value)) return;
    escapes++;
    if (firstEscape === '') firstEscape = where + ' while ' + situation;
    try {
      const found = value as { constructor: { constructor: (code: string) => () => { escaped?: boolean } } };
      found.constructor.constructor('return globalThis')().escaped = true;
    } catch {
      // Foreign, but leading nowhere.
    }
  };

  // Targets: each function and accessor of each built-in object.
  interface Target {
    readonly holder: object;
    readonly key: PropertyKey;
    readonly found: PropertyDescriptor;
  }
  const targets: Target[] = [];
  const seen = new Sealed.Set<unknown>([sys]);
  const visit = (value: unknown): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || apply(setHas, seen, [value]))
      return;
    apply(setAdd, seen, [value]);
    for (const key of ownKeys(value)) {
      const found = getOwnPropertyDescriptor(value, key);
      if (!found) continue;
      const isReplaceable = found.configurable === true || found.writable === true;
      if (isReplaceable && value !== globalThis) targets.push({ holder: value, key, found });
      else if (isReplaceable && typeof found.value === 'function') targets.push({ holder: value, key, found });
      visit(found.value);
      visit(found.get);
      visit(found.set);
    }
    visit(getPrototypeOf(value));
  };
  visit(globalThis);
  visit(function* () {});

  // Hostile values.
  const looped = { count: 0 };
  const spyOn = (name: string, answer: (values: unknown[]) => unknown) => {
    const spy = function (this: unknown, ...values: unknown[]): unknown {
      look(this, name + ' received this');
      look(new.target, name + ' received new.target');
      for (let at = 0; at < values.length; at++) look(values[at], name + ' received an argument');
      return answer(values);
    };
    apply(setAdd, own, [spy]);
    return spy;
  };
  const anything: unknown = new Sealed.Proxy(function () {}, {
    get: (_target, key) => (key === Symbol.toPrimitive ? () => 'hostile' : anything),
    apply: (_target, self, values: unknown[]) => {
      look(self, 'a proxy received this');
      for (let at = 0; at < values.length; at++) look(values[at], 'a proxy received an argument');
      return anything;
    },
    construct: () => anything as object,
    getPrototypeOf: () => null,
  });
  apply(setAdd, own, [anything]);
  const thrower: unknown = new Sealed.Proxy(
    {},
    {
      get: () => {
        throw new Sealed.Error('hostile');
      },
      getPrototypeOf: () => {
        throw new Sealed.Error('hostile');
      },
    },
  );
  apply(setAdd, own, [thrower]);
  const detached = () => {
    const buffer = new Sealed.ArrayBuffer(64);
    structuredTransfer(buffer);
    return buffer;
  };
  const structuredTransfer = (buffer: ArrayBuffer): void => {
    const transfer: unknown = getOwnPropertyDescriptor(bufferPrototype, 'transfer')?.value;
    if (typeof transfer === 'function') apply(transfer, buffer, []);
  };
  const bufferPrototype = Sealed.ArrayBuffer.prototype;
  const decorated = (name: PropertyKey, get: () => unknown): ArrayBuffer => {
    const buffer = new Sealed.ArrayBuffer(64);
    defineProperty(buffer, name, { get, configurable: true });
    return buffer;
  };
  const shapes: (() => unknown)[] = [
    () => undefined,
    () => null,
    () => true,
    () => 0,
    () => -1,
    () => 0.5,
    () => NaN,
    () => Infinity,
    () => 2 ** 31,
    () => 2 ** 53,
    () => -(2 ** 31),
    () => 4097,
    () => 64,
    () => 1n,
    () => -(2n ** 63n),
    () => 2n ** 300n,
    () => '',
    () => 'item',
    () => 'item_id_idx_btree',
    () => '__proto__',
    () => '\ud800',
    () => 'x'.repeat(5000),
    () => Symbol('hostile'),
    () => ({}),
    () => [],
    () => anything,
    () => thrower,
    () => new Sealed.ArrayBuffer(64),
    () => new Sealed.ArrayBuffer(0),
    () => new Sealed.ArrayBuffer(64, { maxByteLength: 128 }),
    detached,
    () => decorated('byteLength', () => 1e9),
    () => decorated('constructor', () => anything),
    () => new SharedArrayBuffer(64),
    () => new Sealed.Uint8Array(64),
    () => new Sealed.Uint8Array(new Sealed.ArrayBuffer(64), 8, 8),
    () => new Sealed.DataView(new Sealed.ArrayBuffer(8)),
    () => new Float64Array(4),
    () => new Sealed.Proxy(new Sealed.ArrayBuffer(64), {}),
    () => new Sealed.Proxy([], {}),
    () => ({ byteLength: 64, byteOffset: 0, length: 64, buffer: new Sealed.ArrayBuffer(64) }),
    () => ({ [Symbol.toPrimitive]: spyOn('toPrimitive', () => 1), valueOf: spyOn('valueOf', () => 1) }),
    () => ({ then: spyOn('then', () => undefined) }),
    () => Promise.reject(new Sealed.Error('hostile')),
    () => new WeakRef({}),
    () => new Sealed.Error('hostile'),
    () => ({ message: anything, stack: anything, name: anything }),
    () => spyOn('a function', () => anything),
  ];
  const shape = (): unknown => {
    try {
      return (shapes[below(shapes.length)] as () => unknown)();
    } catch {
      return undefined; // A replaced built-in was used to make it.
    }
  };

  // What replaces a target.
  let isLooping = false;
  const replacementFor = ({ found }: Target, kind: number, name: string): PropertyDescriptor | undefined => {
    const original: unknown = found.value ?? found.get;
    const answers: readonly ((values: unknown[]) => unknown)[] = [
      () => undefined,
      () => anything,
      () => shape(),
      () => {
        throw thrower;
      },
      values => {
        const result: unknown = typeof original === 'function' ? apply(original, values[0], values) : original;
        look(result, name + ' returned');
        return result;
      },
      () => -1,
      () => 'hostile',
    ];
    const answer = isLooping
      ? () => {
          for (;;) looped.count++;
        }
      : answers[kind % answers.length];
    if (!answer) return undefined;
    const spy = spyOn(name, answer);
    const isAccessor = 'get' in found || kind >= answers.length;
    return isAccessor
      ? { get: spy, set: spy, configurable: found.configurable === true, enumerable: false }
      : { value: spy, writable: true, configurable: found.configurable === true, enumerable: false };
  };
  const KINDS = 14;

  // What is attacked.
  const names: string[] = [];
  for (const name of ownKeys(sys)) if (typeof name === 'string' && typeof sys[name] === 'function') names.push(name);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const strict = new TextDecoder('utf-8', { fatal: true });
  const { encode } = TextEncoder.prototype;
  const { decode } = TextDecoder.prototype;
  const compile = Function;
  const MORE = 6;
  const callHost = (): unknown => {
    const pick = below(names.length + MORE);
    const name = names[pick];
    if (name !== undefined) {
      situation += 'sys.' + name;
      const values: unknown[] = [];
      for (let at = 0; at < 7; at++)
        defineProperty(values, at, { value: shape(), writable: true, configurable: true, enumerable: true });
      return apply(sys[name] as () => unknown, undefined, values);
    }
    switch (pick - names.length) {
      case 0:
        situation += 'encode';
        return apply(encode, encoder, [shape() as string]);
      case 1:
        situation += 'decode';
        return apply(decode, below(2) === 0 ? decoder : strict, [shape() as Uint8Array]);
      case 2:
        situation += 'an error';
        return construct(Sealed.Error, [shape() as string]).stack;
      case 3:
        situation += 'a compilation';
        return apply(compile, undefined, [shape() as string]);
      case 4:
        situation += 'an error of the engine';
        return (undefined as unknown as { x: unknown }).x;
      default:
        situation += 'the end of the stack';
        return deep();
    }
  };
  const deep = (): unknown => {
    try {
      return deep();
    } catch (error) {
      look(error, 'an overflow');
      return callHost();
    }
  };

  let replaced: Target | undefined;
  const restore = (): void => {
    if (replaced) defineProperty(replaced.holder, replaced.key, replaced.found);
    replaced = undefined;
  };
  const replaceSome = (): void => {
    const target = targets[below(targets.length)] as Target;
    const kind = below(KINDS);
    const name = text(target.key);
    situation = name + ' was replaced (' + kind + ') by ';
    const replacement = replacementFor(target, kind, name);
    replaced = target;
    if (replacement === undefined || below(20) === 0) deleteProperty(target.holder, target.key);
    else defineProperty(target.holder, target.key, replacement);
  };
  const tryOne = (): void => {
    try {
      replaceSome();
      const result = callHost();
      look(result, 'a result');
    } catch (error) {
      look(error, 'an exception');
    } finally {
      restore();
    }
  };
  const report = (): void => {
    if (escapes > 0) log(0, 'ESCAPE ' + escapes + ': ' + firstEscape);
    escapes = 0;
  };
  const lookAll = (values: readonly unknown[]): void => {
    for (let at = 0; at < values.length; at++) look(values[at], 'a hook received an argument');
  };

  /** One result of a hook, made while a built-in is replaced until the next call. */
  const leave = (): unknown => {
    replaceSome();
    situation += 'leaving';
    switch (below(4)) {
      case 0:
        throw shape();
      case 1:
        throw new HostileError('refused');
      default:
        return shape();
    }
  };
  class HostileError extends Sealed.Error {
    get [Symbol.toStringTag]() {
      return 'hostile';
    }
  }
  let viewSeed = 1;
  const enter = (seed: number, values: readonly unknown[]): void => {
    restore();
    isLooping = false;
    state = seed;
    lookAll(values);
    report();
  };

  const hooks = {
    __sender_error_class__: HostileError,
    __get_error_constructor__: (errno: number) => {
      look(errno, 'the error hook received');
      return Sealed.Error;
    },
    __describe_module__: () => new Sealed.Uint8Array(description),
    __call_reducer__(...values: unknown[]): unknown {
      const view = values[4] as DataView;
      const seed = apply(getUint32, view, [0, true]);
      const count = apply(getUint32, view, [4, true]);
      enter(seed, values);
      viewSeed = seed;
      if (count === 0xffffffff) {
        isLooping = true;
        tryOne();
        return undefined;
      }
      for (let at = 0; at < count; at++) tryOne();
      report();
      return count === 0 ? leave() : undefined;
    },
    __call_procedure__(...values: unknown[]): unknown {
      enter(++viewSeed, values);
      for (let at = 0; at < 5; at++) tryOne();
      report();
      return leave();
    },
    __call_view__(...values: unknown[]): unknown {
      enter(++viewSeed, values);
      return leave();
    },
    __call_view_anon__(...values: unknown[]): unknown {
      enter(++viewSeed, values);
      return leave();
    },
    __call_http_handler__(...values: unknown[]): unknown {
      enter(++viewSeed, values);
      const first = shape();
      return below(2) === 0 ? leave() : [first, shape()];
    },
  };
  return { [sys.moduleHooks]: () => hooks };
}
