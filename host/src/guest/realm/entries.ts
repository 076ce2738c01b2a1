// Runs inside a module's realm: loads the module and calls its functions. (globals.ts explains how this text gets there.)
// Returned and thrown values are converted here; the host gets bytes and strings.

import type { RealmEntries } from '../host-side.ts';
import type { HostCalls } from './host-calls.ts';
import type { Primordials } from './primordials.ts';
import type { Codes, SystemModules } from './system-calls.ts';

/** Creates the entries. */
export function makeEntries(
  host: HostCalls,
  primordials: Primordials,
  system: SystemModules,
  codes: Codes,
): RealmEntries {
  'use strict';

  const { ArrayBuffer, DataView, Error, TypeError, Uint8Array } = primordials;
  const {
    apply,
    bare,
    byteLength,
    enumerableKeys,
    freeze,
    get,
    isInstance,
    isView,
    max,
    sort,
    textOf,
    objectPrototype,
  } = primordials;
  const { typeOfView, bufferOfArray, offsetOfArray, lengthOfArray, sliceBytes } = primordials;
  const { bufferOfView, offsetOfView, lengthOfView } = primordials;
  const { result, secondResult, threw } = host;
  const { moduleHooks, refusedImport, require, setErrorConstructor } = system;
  const { failed, returned, refused, notAModule } = codes;
  let isLoaded = false;
  let hooks: unknown;
  let senderError: unknown;
  let describeHook: unknown;
  let reducerHook: unknown;
  let procedureHook: unknown;
  let viewHook: unknown;
  let anonymousViewHook: unknown;
  let handlerHook: unknown;
  let args = new ArrayBuffer(4096);

  /** Any value as text, safe against its own methods. */
  const showOf = (value: unknown): string => {
    try {
      return textOf(value);
    } catch {
      return 'something that cannot be shown';
    }
  };
  const partOf = (thrown: unknown, part: 'message' | 'stack'): string | undefined => {
    try {
      const found: unknown = typeof thrown === 'object' && thrown !== null ? get(thrown, part) : undefined;
      return typeof found === 'string' ? found : undefined;
    } catch {
      return undefined;
    }
  };
  const report = (thrown: unknown): number => {
    const text = showOf(thrown);
    threw(partOf(thrown, 'message') ?? text, text, partOf(thrown, 'stack') ?? '');
    return codes.threw;
  };
  const isSenderError = (thrown: unknown): boolean => {
    try {
      return isInstance(senderError, thrown);
    } catch {
      return false;
    }
  };
  const refuseModule = (text: string): number => {
    threw(text, text, '');
    return notAModule;
  };
  /** Calls a function of the module by its hook. */
  const callHook = (hook: unknown, values: readonly unknown[]): unknown => {
    if (!isLoaded) throw new Error('the module is not loaded');
    return apply(hook, hooks, values);
  };
  /** Passes bytes to the host, which copies them. */
  const give = (value: unknown, receive: (buffer: ArrayBuffer, offset: number, length: number) => number) => {
    if (!isView(value)) throw new TypeError('the module returned something that is not bytes');
    const isArray = typeOfView(value) !== undefined;
    const buffer = isArray ? bufferOfArray(value) : bufferOfView(value);
    const offset = isArray ? offsetOfArray(value) : offsetOfView(value);
    const length = isArray ? lengthOfArray(value) : lengthOfView(value);
    if (receive(buffer, offset, length) === failed) throw new TypeError('the module returned bytes of a shared buffer');
  };
  const giveRows = (value: unknown) => {
    give(isView(value) ? value : (value as { data: unknown }).data, result);
  };

  return {
    load(factory) {
      const exported = { __proto__: objectPrototype } as unknown as Record<string, unknown>;
      const module = { __proto__: objectPrototype, exports: exported };
      try {
        const requireModule = (name: unknown) => require(textOf(name));
        apply(factory, undefined, [module, module.exports, requireModule]);
      } catch (thrown) {
        const missing = refusedImport();
        if (missing !== undefined) return refuseModule(`Uncaught TypeError: ${missing}`);
        return report(thrown);
      }
      try {
        const { exports } = module;
        const schema = exports['default'] as Record<symbol, unknown> | null | undefined;
        if (schema === undefined) return refuseModule('must export schema as default export');
        const makeHooks: unknown = schema === null ? undefined : schema[moduleHooks];
        if (typeof makeHooks !== 'function') return refuseModule('default export is not a Schema object');
        // A module namespace lists its keys in ascending order of code units; ids of functions follow it.
        const namespace = bare();
        const names = sort(enumerableKeys(exports));
        for (let at = 0; at < names.length; at++) namespace[names[at] as string] = exports[names[at] as string];
        const made = apply(makeHooks, schema, [freeze(namespace)]) as Record<string, unknown>;
        let missing: string | undefined;
        const hookOf = (name: string): unknown => {
          const found = made[`__${name}__`];
          if (typeof found !== 'function') missing ??= name;
          return found;
        };
        describeHook = hookOf('describe_module');
        const constructorHook = hookOf('get_error_constructor');
        reducerHook = hookOf('call_reducer');
        viewHook = hookOf('call_view');
        anonymousViewHook = hookOf('call_view_anon');
        procedureHook = hookOf('call_procedure');
        if (missing !== undefined) return refuseModule(`the hook __${missing}__ is missing`);
        // A module without handlers may lack it.
        handlerHook = made['__call_http_handler__'];
        senderError = made['__sender_error_class__'];
        if (typeof senderError !== 'function') return refuseModule('__sender_error_class__ is not a class');
        setErrorConstructor(errno => apply(constructorHook, undefined, [errno]) as new (message: string) => Error);
        hooks = made;
        isLoaded = true;
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },

    describe() {
      try {
        give(callHook(describeHook, []), result);
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },

    argsBuffer(atLeast) {
      // The module may have detached the buffer.
      const size = byteLength(args);
      if (size < atLeast || size === 0) args = new ArrayBuffer(max(atLeast, size * 2, 4096));
      return args;
    },

    callReducer(id, sender, connectionId, timestamp, argsLength) {
      try {
        const view = new DataView(args, 0, argsLength);
        const nothing = callHook(reducerHook, [id, sender, connectionId, timestamp, view]);
        if (nothing !== undefined) throw new TypeError('the reducer hook returned a value');
        return returned;
      } catch (thrown) {
        if (!isSenderError(thrown)) return report(thrown);
        // A refusal needs no stack, and formatting one is expensive.
        const message = partOf(thrown, 'message') ?? '';
        threw(message, message, '');
        return refused;
      }
    },

    callProcedure(id, sender, connectionId, timestamp, argsLength) {
      try {
        // A copy, because other calls use the buffer while a procedure commits.
        const bytes = sliceBytes(new Uint8Array(args), 0, argsLength);
        give(callHook(procedureHook, [id, sender, connectionId, timestamp, bytes]), result);
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },

    callView(id, sender) {
      try {
        giveRows(callHook(viewHook, [id, sender, new Uint8Array(0)]));
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },

    callAnonymousView(id) {
      try {
        giveRows(callHook(anonymousViewHook, [id, new Uint8Array(0)]));
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },

    callHandler(id, timestamp, requestLength, bodyLength) {
      try {
        const request = sliceBytes(new Uint8Array(args), 0, requestLength);
        const body = sliceBytes(new Uint8Array(args), requestLength, requestLength + bodyLength);
        const answer = callHook(handlerHook, [id, timestamp, request, body]) as unknown[];
        give(answer[0], result);
        give(answer[1], secondResult);
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },
  };
}
