// Realm of one module: it can reach the globals of SpacetimeDB and nothing of Node.js.

import vm from 'node:vm';
import { isProxy } from 'node:util/types';
import {
  BUFFER_TOO_SMALL,
  FAILED,
  FAILED_BIG,
  NOT_A_BUFFER,
  NOT_A_MODULE,
  OUT_OF_BOUNDS,
  REFUSED,
  RETURNED,
  THREW,
  type HostSide,
  type RealmEntries,
} from './host-side.ts';
import { makeEntries } from './realm/entries.ts';
import { guardStacks } from './realm/errors.ts';
import { prepareGlobals } from './realm/globals.ts';
import { makeHostCalls } from './realm/host-calls.ts';
import { capturePrimordials } from './realm/primordials.ts';
import { guardPromises } from './realm/promises.ts';
import { makeSystemModules } from './realm/system-calls.ts';

// The functions are evaluated in the realm from their text, so that every object they create belongs to it. The primordials
// are captured again after the error and promise classes were replaced.
export const BOOT_TEXT = `(function (host, isTrusted) {
  'use strict';
  const codes = {
    failed: ${FAILED}, failedBig: ${FAILED_BIG}n, bufferTooSmall: ${BUFFER_TOO_SMALL}, outOfBounds: ${OUT_OF_BOUNDS},
    notABuffer: ${NOT_A_BUFFER},
    returned: ${RETURNED}, refused: ${REFUSED}, threw: ${THREW}, notAModule: ${NOT_A_MODULE},
  };
  const capture = ${String(capturePrimordials)};
  const genuine = capture();
  const stackHere = (${String(guardStacks)})(genuine, isTrusted);
  (${String(guardPromises)})(genuine);
  const primordials = capture();
  const calls = (${String(makeHostCalls)})(host, primordials);
  (${String(prepareGlobals)})(calls, primordials);
  const system = (${String(makeSystemModules)})(calls, primordials, stackHere, codes);
  return (${String(makeEntries)})(calls, primordials, system, codes);
})`;
const bootScript = new vm.Script(BOOT_TEXT, { filename: 'spacetimedb_realm' });

let isGuarded = false;

/** Opens a realm. Its promises have a separate queue that never runs, so no code of a module runs between calls. */
export function openRealm(
  host: HostSide,
  isTrusted: boolean,
): { entries: RealmEntries; evaluate(script: vm.Script): unknown } {
  guardProcess();
  // An ordinary global object is several times faster than an intercepted one, the only kind in older versions of Node.
  const options = { microtaskMode: 'afterEvaluate' } as const;
  const context =
    'DONT_CONTEXTIFY' in vm.constants
      ? vm.createContext(vm.constants.DONT_CONTEXTIFY, options)
      : vm.createContext(Object.setPrototypeOf({}, null) as vm.Context, options);
  const boot: unknown = bootScript.runInContext(context);
  if (typeof boot !== 'function') throw new Error('the realm did not boot');
  return {
    // `bootScript` above returns RealmEntries.
    entries: (boot as (host: HostSide, isTrusted: boolean) => RealmEntries)(host, isTrusted),
    evaluate: (script): unknown => script.runInContext(context),
  };
}

/**
 * Prevents that a rejected promise of a module ends the process, Node's default. Node never sees one (realm/promises.ts);
 * this is the second line.
 */
function guardProcess(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.on('unhandledRejection', (reason, promise) => {
    // Node's default, which this listener would otherwise replace.
    if (isOurs(promise) && process.listenerCount('unhandledRejection') === 1) throw reason;
  });
}

/** Returns true for an object of the host's realm. Runs no code of a module: `instanceof` would ask a proxy. */
function isOurs(value: object): boolean {
  for (let each: object | null = value; each !== null; each = Object.getPrototypeOf(each) as object | null) {
    if (isProxy(each)) return false;
    if (each === Promise.prototype) return true;
  }
  return false;
}
