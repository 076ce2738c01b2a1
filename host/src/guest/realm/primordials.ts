// Runs inside a module's realm before everything else: captures each built-in that the realm's own code uses, while all of
// them are genuine. (globals.ts explains how this text gets there.)
//
// The rest of this folder uses no global, no method of a built-in and no iterator, because the module may have replaced it:
// the ESLint rule `realm/captured` holds that. This file is the only exception, and it runs before the module.

/* eslint-disable @typescript-eslint/unbound-method, @typescript-eslint/no-unnecessary-type-assertion --
   methods are taken from their objects on purpose, and the types of built-ins are narrowed to those of one realm */

/** The captured built-ins. */
export type Primordials = ReturnType<typeof capturePrimordials>;

/** Captures the built-ins of the realm in which it runs. Methods take their receiver as the first argument. */
export function capturePrimordials() {
  'use strict';

  const { apply, construct, defineProperty, deleteProperty, getPrototypeOf, ownKeys } = Reflect;
  const { call } = Function.prototype;
  const { bind } = Function.prototype;
  /** A method as a function whose first argument is the receiver; a bound `call` looks up nothing when it runs. */
  const uncurry = <Self, Args extends unknown[], Result>(
    method: (this: Self, ...args: Args) => Result,
  ): ((self: Self, ...args: Args) => Result) => apply(bind, call, [method]) as (self: Self, ...args: Args) => Result;
  const getter = <Result>(prototype: object, name: PropertyKey): ((self: unknown) => Result) => {
    const get = Reflect.getOwnPropertyDescriptor(prototype, name)?.get;
    if (!get) throw new TypeError('the engine lacks a built-in');
    return uncurry(get) as (self: unknown) => Result;
  };
  const { isView } = ArrayBuffer;
  const typedArray = getPrototypeOf(Uint8Array.prototype) as object;

  return {
    global: globalThis,
    // Reflection.
    apply: apply as (call: unknown, self: unknown, args: readonly unknown[]) => unknown,
    construct: construct as (of: unknown, args: readonly unknown[], newTarget?: unknown) => object,
    define: defineProperty as (target: object, key: PropertyKey, descriptor: object) => boolean,
    remove: deleteProperty,
    prototypeOf: getPrototypeOf as (of: object) => object | null,
    setPrototypeOf: Object.setPrototypeOf as (of: object, prototype: object | null) => unknown,
    ownKeys,
    get: Reflect.get as (target: object, key: PropertyKey) => unknown,
    descriptor: Reflect.getOwnPropertyDescriptor,
    enumerableKeys: Object.keys,
    freeze: Object.freeze as <T>(value: T) => T,
    bare: () => Object.create(null) as Record<string, unknown>,
    /** As `instanceof`, without `Symbol.hasInstance` of the class. */
    isInstance: uncurry(Function.prototype[Symbol.hasInstance]) as (of: unknown, value: unknown) => boolean,
    // Constructors.
    Proxy,
    Error,
    TypeError,
    RangeError,
    Promise,
    ArrayBuffer,
    Uint8Array,
    DataView,
    Function,
    eval: globalThis.eval,
    // Conversions.
    textOf: String as (value: unknown) => string,
    symbol: Symbol as (description: string) => symbol,
    max: Math.max,
    isView: isView as (value: unknown) => value is ArrayBufferView,
    fromCharCode: String.fromCharCode,
    // Methods.
    charCodeAt: uncurry(String.prototype.charCodeAt),
    sliceText: uncurry(String.prototype.slice),
    indexOf: uncurry(String.prototype.indexOf) as (text: string, part: string) => number,
    toLowerCase: uncurry(String.prototype.toLowerCase),
    sort: uncurry(Array.prototype.sort) as (list: string[]) => string[],
    sliceBytes: uncurry(Uint8Array.prototype.slice) as (bytes: Uint8Array, from: number, to: number) => Uint8Array,
    exec: uncurry(RegExp.prototype.exec),
    then: uncurry(Promise.prototype.then) as (promise: object, done: () => void, failed: () => void) => unknown,
    withResolvers: Promise.withResolvers as unknown,
    captureStack: Error.captureStackTrace.bind(Error) as (holder: object, above: (...args: never[]) => unknown) => void,
    // Getters.
    byteLength: getter<number>(ArrayBuffer.prototype, 'byteLength'),
    typeOfView: getter<string | undefined>(typedArray, Symbol.toStringTag),
    bufferOfArray: getter<ArrayBuffer>(typedArray, 'buffer'),
    offsetOfArray: getter<number>(typedArray, 'byteOffset'),
    lengthOfArray: getter<number>(typedArray, 'byteLength'),
    bufferOfView: getter<ArrayBuffer>(DataView.prototype, 'buffer'),
    offsetOfView: getter<number>(DataView.prototype, 'byteOffset'),
    lengthOfView: getter<number>(DataView.prototype, 'byteLength'),
    // Prototypes.
    objectPrototype: Object.prototype,
    functionPrototype: Function.prototype as object,
    promisePrototype: Promise.prototype as object,
  };
}
