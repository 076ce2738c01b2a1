// Runs inside a module's realm: promises that Node.js never gets to see. (globals.ts explains how this text gets there.)
//
// Node reads properties of each rejected promise without a handler after the call, when nothing guards the host: a promise
// with a hostile prototype then stops or ends the process. So every promise of a realm has a handler from its start, and
// none is made by the engine alone: the bundle has no native async functions (guest/bundle.ts), text compiled at run time
// may have none (globals.ts), and the built-ins that make promises are removed or use the class below. Nothing is lost,
// because promises of a realm never run their reactions.

import type { Primordials } from './primordials.ts';

/** Replaces `Promise`, and removes the built-ins that make promises without it. */
export function guardPromises(primordials: Primordials): void {
  'use strict';

  const { apply, define, descriptor, get, global, ownKeys, prototypeOf, remove, setPrototypeOf } = primordials;
  const { Promise, TypeError, promisePrototype, functionPrototype, then, withResolvers } = primordials;

  const removeFrom = (holder: unknown, names: readonly string[]) => {
    if (typeof holder !== 'object' && typeof holder !== 'function') return;
    if (holder === null) return;
    for (let at = 0; at < names.length; at++) remove(holder, names[at] as string);
  };
  removeFrom(global, ['AsyncDisposableStack']);
  removeFrom(get(global, 'Array'), ['fromAsync']);
  removeFrom(get(global, 'Atomics'), ['waitAsync']);
  // Asynchronous compilation would run a start function between calls; a streaming one would reject with an error of the host.
  const asynchronous = [
    'compile',
    'instantiate',
    'compileStreaming',
    'instantiateStreaming',
    'promising',
    'Suspending',
  ];
  removeFrom(get(global, 'WebAssembly'), asynchronous);

  type Settle = (value?: unknown) => void;
  const ignore = () => {};
  const makePromise = () =>
    apply(withResolvers, Promise, []) as { promise: Promise<unknown>; resolve: Settle; reject: Settle };
  const Replacement = function (executor: (resolve: Settle, reject: Settle) => void) {
    if (new.target === undefined) throw new TypeError("Promise constructor cannot be invoked without 'new'");
    if (typeof executor !== 'function') throw new TypeError('Promise resolver is not a function');
    // No function of the realm runs here: if the stack ended in one, the promise would be rejected before it has a handler.
    const { promise, resolve, reject } = makePromise();
    // `then` reads the constructor, which the module may have replaced.
    define(promise, 'constructor', { __proto__: null, value: undefined, configurable: true });
    then(promise, ignore, ignore);
    remove(promise, 'constructor');
    const prototype: unknown = new.target === Replacement ? promisePrototype : get(new.target, 'prototype');
    if (prototype !== promisePrototype && typeof prototype === 'object') setPrototypeOf(promise, prototype);
    try {
      executor(resolve, reject);
    } catch (thrown) {
      reject(thrown);
    }
    return promise;
  };
  const names = ownKeys(Promise);
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as PropertyKey;
    const found = descriptor(Promise, name);
    if (found) define(Replacement, name, found);
  }
  if (prototypeOf(Replacement) !== functionPrototype) throw new TypeError('a function has an unexpected prototype');
  define(promisePrototype, 'constructor', {
    __proto__: null,
    value: Replacement,
    writable: true,
    enumerable: false,
    configurable: true,
  });
  define(global, 'Promise', {
    __proto__: null,
    value: Replacement,
    writable: true,
    enumerable: false,
    configurable: true,
  });
}
