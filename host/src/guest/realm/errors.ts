// Runs inside a module's realm: stack traces, without the escape that the engine leaves there. (globals.ts explains how this
// text gets there.)
//
// Reading `error.stack` makes Node format it with a function of the host. Close to the end of the stack that function
// overflows, and the module catches a RangeError of the host's realm: from there it is two property reads to `process`. So
// by default no error carries frames of the engine's own: errors that a module makes get a `stack` that hides what the
// formatting throws, and errors that the engine throws (`null.x`) have none.

import type { Primordials } from './primordials.ts';

/** Makes the error classes safe and returns a function that reads the stack of its caller. */
export function guardStacks(primordials: Primordials, isTrusted: boolean): () => string {
  'use strict';

  const { construct, define, get, global, ownKeys, prototypeOf, setPrototypeOf, captureStack } = primordials;
  const { sliceText, indexOf, functionPrototype, Error } = primordials;
  const FRAMES = 10;
  /** A log line needs the frame after the library's own. */
  const FRAMES_OF_A_LINE = 4;
  const fixed = (value: unknown) => ({
    __proto__: null,
    value,
    writable: false,
    enumerable: false,
    configurable: false,
  });
  const hidden = (value: unknown) => ({
    __proto__: null,
    value,
    writable: true,
    enumerable: false,
    configurable: true,
  });

  /** The frames of an object passed to `captureStack`. */
  const framesOf = (holder: { readonly stack?: unknown }): string => {
    try {
      const { stack } = holder;
      return typeof stack === 'string' ? sliceText(stack, indexOf(stack, '\n') + 1) : '';
    } catch {
      return '';
    }
  };
  const limit = Error as { stackTraceLimit: number | undefined };
  /** Captures the frames above a function; the engine collects frames only while the limit is a number. */
  const captureHere = (frames: number, above: (...args: never[]) => unknown): { readonly stack?: unknown } => {
    const holder = { __proto__: null, stack: undefined };
    const before = limit.stackTraceLimit;
    limit.stackTraceLimit = frames;
    try {
      captureStack(holder, above);
    } finally {
      limit.stackTraceLimit = before;
    }
    return holder;
  };
  function stackHere(): string {
    return framesOf(captureHere(FRAMES_OF_A_LINE, stackHere));
  }
  if (isTrusted) return stackHere;

  limit.stackTraceLimit = undefined;

  type ErrorClass = new (...args: unknown[]) => Error;
  const addStack = (error: object) => {
    const holder = captureHere(FRAMES, addStack);
    let given: { readonly value: unknown } | undefined;
    define(error, 'stack', {
      __proto__: null,
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
        given = { __proto__: null, value: `${text}\n${framesOf(holder)}` } as { readonly value: unknown };
        return given.value;
      },
      set: (value: unknown) => {
        given = { __proto__: null, value } as { readonly value: unknown };
      },
    });
  };
  /** A class that replaces one of the engine's, which is then unreachable. */
  const replace = (Original: ErrorClass, parent: object): ErrorClass => {
    const { name } = Original;
    const prototype = Original.prototype as object;
    const Replacement = function (...args: unknown[]) {
      const error = construct(Original, args, new.target ?? Replacement);
      addStack(error);
      return error;
    } as unknown as ErrorClass;
    define(Replacement, 'name', { __proto__: null, value: name, configurable: true });
    define(Replacement, 'length', { __proto__: null, value: 1, configurable: true });
    define(Replacement, 'prototype', fixed(prototype));
    define(prototype, 'constructor', hidden(Replacement));
    setPrototypeOf(Replacement, parent);
    // Node calls the function of this name with every frame.
    if (Original === (Error as ErrorClass)) define(Replacement, 'prepareStackTrace', fixed(undefined));
    define(global, name, fixed(Replacement));
    return Replacement;
  };

  const Safe = replace(Error as ErrorClass, functionPrototype);
  define(Safe, 'captureStackTrace', hidden(addStack));
  const wasm = get(global, 'WebAssembly') as object | undefined;
  const guardAll = (holder: object) => {
    const names = ownKeys(holder);
    for (let at = 0; at < names.length; at++) {
      const found: unknown = get(holder, names[at] as PropertyKey);
      if (typeof found !== 'function' || prototypeOf(found) !== Error) continue;
      if (holder === global) replace(found as ErrorClass, Safe);
      else setPrototypeOf(found, Safe);
    }
  };
  guardAll(global);
  if (wasm) guardAll(wasm);
  return stackHere;
}
