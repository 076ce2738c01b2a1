// Runs inside a module's realm: stack traces, without the escape that the engine leaves there. (globals.ts explains how this
// text gets there.)
//
// Reading `error.stack` makes Node format it with a function of the host. Close to the end of the stack that function
// overflows, and the module catches a RangeError of the host's realm: from there it is two property reads to `process`. So
// by default no error carries frames of the engine's own: errors that a module makes get a `stack` that hides what the
// formatting throws, and errors that the engine throws (`null.x`) have none.

/** Makes the error classes safe and returns a function that reads the stack of its caller. */
export function guardStacks(isTrusted: boolean): () => string {
  'use strict';

  const Real = Error;
  const construct = Reflect.construct;
  const capture = Real.captureStackTrace.bind(Real);
  const defineProperty = Reflect.defineProperty;
  const FRAMES = 10;
  /** A log line needs the frame after the library's own. */
  const FRAMES_OF_A_LINE = 4;

  /** The frames of an object passed to `capture`. */
  const framesOf = (holder: { readonly stack?: unknown }): string => {
    try {
      const { stack } = holder;
      return typeof stack === 'string' ? stack.slice(stack.indexOf('\n') + 1) : '';
    } catch {
      return '';
    }
  };
  if (isTrusted) {
    return function stackHere() {
      const holder = {};
      const before = Real.stackTraceLimit;
      Real.stackTraceLimit = FRAMES_OF_A_LINE;
      try {
        capture(holder, stackHere);
      } finally {
        Real.stackTraceLimit = before;
      }
      return framesOf(holder);
    };
  }

  // The engine collects frames only while the limit is a number.
  const limit = Real as { stackTraceLimit: number | undefined };
  limit.stackTraceLimit = undefined;
  const captureHere = (frames: number, above: (...args: never[]) => unknown): { readonly stack?: unknown } => {
    const holder = {};
    limit.stackTraceLimit = frames;
    try {
      capture(holder, above);
    } finally {
      limit.stackTraceLimit = undefined;
    }
    return holder;
  };

  type ErrorClass = new (...args: unknown[]) => Error;
  const addStack = (error: object) => {
    const holder = captureHere(FRAMES, addStack);
    let given: { readonly value: unknown } | undefined;
    defineProperty(error, 'stack', {
      configurable: true,
      enumerable: false,
      get: () => {
        if (given) return given.value;
        let text = 'Error';
        try {
          text = `${error as Error}`;
        } catch {
          // An error without a readable name.
        }
        given = { value: `${text}\n${framesOf(holder)}` };
        return given.value;
      },
      set: (value: unknown) => {
        given = { value };
      },
    });
  };
  /** A class that replaces one of the engine's, which is then unreachable. */
  const replace = (Original: ErrorClass, parent: object): ErrorClass => {
    const { name } = Original;
    const prototype = Original.prototype as object;
    const Replacement = function (...args: unknown[]) {
      const error = construct(Original, args, new.target ?? Replacement) as object;
      addStack(error);
      return error;
    } as unknown as ErrorClass;
    const fixed = { writable: false, enumerable: false, configurable: false };
    defineProperty(Replacement, 'name', { value: name, configurable: true });
    defineProperty(Replacement, 'length', { value: 1, configurable: true });
    defineProperty(Replacement, 'prototype', { value: prototype, ...fixed });
    defineProperty(prototype, 'constructor', { value: Replacement, writable: true, configurable: true });
    Object.setPrototypeOf(Replacement, parent);
    // Node calls the function of this name with every frame.
    if (Original === (Real as ErrorClass))
      defineProperty(Replacement, 'prepareStackTrace', { value: undefined, ...fixed });
    defineProperty(globalThis, name, { value: Replacement, ...fixed });
    return Replacement;
  };

  const Safe = replace(Real as ErrorClass, Function.prototype);
  defineProperty(Safe, 'captureStackTrace', { value: addStack, writable: true, configurable: true });
  const wasm = Reflect.get(globalThis, 'WebAssembly') as object | undefined;
  for (const holder of [globalThis, wasm ?? {}]) {
    for (const name of Reflect.ownKeys(holder)) {
      const found: unknown = Reflect.get(holder, name);
      if (typeof found !== 'function' || Object.getPrototypeOf(found) !== Real) continue;
      if (holder === globalThis) replace(found as ErrorClass, Safe);
      else Object.setPrototypeOf(found, Safe);
    }
  }
  return function stackHere() {
    return framesOf(captureHere(FRAMES_OF_A_LINE, stackHere));
  };
}
