// Realm of one module: it can reach the globals of SpacetimeDB and nothing of Node.js.

import vm from 'node:vm';
import {
  BUFFER_TOO_SMALL,
  FAILED,
  FAILED_BIG,
  NOT_A_MODULE,
  REFUSED,
  RETURNED,
  THREW,
  type HostSide,
  type RealmEntries,
} from './host-side.ts';
import { makeEntries } from './realm/entries.ts';
import { guardStacks } from './realm/errors.ts';
import { prepareGlobals } from './realm/globals.ts';
import { makeSystemModules } from './realm/system-calls.ts';

// The functions are evaluated in the realm from their text, so that every object they create belongs to it.
const bootScript = new vm.Script(
  `(function (host, codes, isTrusted) {
    'use strict';
    const stackHere = (${String(guardStacks)})(isTrusted);
    (${String(prepareGlobals)})(host);
    const system = (${String(makeSystemModules)})(
      host, stackHere, codes.FAILED, codes.FAILED_BIG, codes.BUFFER_TOO_SMALL);
    return (${String(makeEntries)})(host, system, codes.RETURNED, codes.REFUSED, codes.THREW, codes.NOT_A_MODULE);
  })`,
  { filename: 'spacetimedb_realm' },
);
const CODES = { FAILED, FAILED_BIG, BUFFER_TOO_SMALL, RETURNED, REFUSED, THREW, NOT_A_MODULE };

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
    entries: (boot as (host: HostSide, codes: typeof CODES, isTrusted: boolean) => RealmEntries)(
      host,
      CODES,
      isTrusted,
    ),
    evaluate: (script): unknown => script.runInContext(context),
  };
}

/** Prevents that a rejected promise of a module ends the process, Node's default. */
function guardProcess(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.on('unhandledRejection', (reason, promise) => {
    const isOurs = promise instanceof Promise;
    // Node's default, which this listener would otherwise replace.
    if (isOurs && process.listenerCount('unhandledRejection') === 1) throw reason;
  });
}
