// Runs inside a module's realm: loads the module and calls its functions. (globals.ts explains how this text gets there.)
// Returned and thrown values are converted here; the host gets bytes and strings.

import type { HostSide, RealmEntries } from '../host-side.ts';
import type { SystemModules } from './system-calls.ts';

/** Creates the entries. The numbers are those of host-side.ts. */
export function makeEntries(
  host: HostSide,
  system: SystemModules,
  returned: number,
  refused: number,
  threw: number,
  notAModule: number,
): RealmEntries {
  'use strict';

  type Hook = (...args: unknown[]) => unknown;
  type Hooks = Record<string, Hook> & { __sender_error_class__: new (message: string) => Error };
  const apply: (call: Hook, self: unknown, args: unknown[]) => unknown = Reflect.apply;
  const Bytes = Uint8Array;
  const View = DataView;
  const Text = String;
  let hooks: Hooks | undefined;
  let args = new ArrayBuffer(4096);

  /** Any value as text, safe against its own methods. */
  const textOf = (value: unknown): string => {
    try {
      return typeof value === 'string' ? value : Text(value);
    } catch {
      return 'something that cannot be shown';
    }
  };
  const partOf = (thrown: unknown, part: 'message' | 'stack'): string | undefined => {
    try {
      const found: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, part) : undefined;
      return typeof found === 'string' ? found : undefined;
    } catch {
      return undefined;
    }
  };
  const report = (thrown: unknown): number => {
    const text = textOf(thrown);
    host.threw(partOf(thrown, 'message') ?? text, text, partOf(thrown, 'stack') ?? '');
    return threw;
  };
  const isSenderError = (thrown: unknown): boolean => {
    try {
      return hooks !== undefined && thrown instanceof hooks.__sender_error_class__;
    } catch {
      return false;
    }
  };
  const refuseModule = (text: string): number => {
    host.threw(text, text, '');
    return notAModule;
  };
  const hook = (name: string): Hook => {
    if (!hooks) throw new Error('the module is not loaded');
    return hooks[name] as Hook;
  };
  /** Passes bytes to the host as a copy, so that only a plain buffer of this realm crosses the boundary. */
  const give = (value: unknown, second = false) => {
    if (!ArrayBuffer.isView(value)) throw new TypeError('the module returned something that is not bytes');
    const bytes = new Bytes(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength).slice();
    if (second) host.secondResult(bytes.buffer, 0, bytes.length);
    else host.result(bytes.buffer, 0, bytes.length);
  };
  const giveRows = (value: unknown) => {
    give(ArrayBuffer.isView(value) ? value : (value as { data: unknown }).data);
  };

  return {
    load(factory) {
      const module = { exports: {} as Record<string, unknown> };
      try {
        apply(factory as Hook, undefined, [module, module.exports, (name: string) => system.require(name)]);
      } catch (thrown) {
        const import_ = system.refusedImport();
        if (import_ !== undefined) return refuseModule(`Uncaught TypeError: ${import_}`);
        return report(thrown);
      }
      try {
        const { exports } = module;
        const schema = exports['default'] as Record<symbol, Hook> | undefined;
        if (schema === undefined) return refuseModule('must export schema as default export');
        const makeHooks: unknown = schema === null ? undefined : schema[system.moduleHooks];
        if (typeof makeHooks !== 'function') return refuseModule('default export is not a Schema object');
        // A module namespace lists its keys in ascending order of code units; ids of functions follow it.
        const namespace = Object.create(null) as Record<string, unknown>;
        for (const name of Object.keys(exports).sort()) namespace[name] = exports[name];
        const made = apply(makeHooks as Hook, schema, [Object.freeze(namespace)]) as Hooks;
        const required = ['describe_module', 'get_error_constructor', 'call_reducer', 'call_view', 'call_view_anon'];
        for (const name of [...required, 'call_procedure']) {
          if (typeof made[`__${name}__`] !== 'function') return refuseModule(`the hook __${name}__ is missing`);
        }
        if (typeof made.__sender_error_class__ !== 'function') {
          return refuseModule('__sender_error_class__ is not a class');
        }
        const constructorOf = made['__get_error_constructor__'] as Hook;
        system.setErrorConstructor(errno => apply(constructorOf, undefined, [errno]) as new (text: string) => Error);
        hooks = made;
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },

    describe() {
      try {
        give(apply(hook('__describe_module__'), hooks, []));
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },

    argsBuffer(atLeast) {
      if (args.byteLength < atLeast) args = new ArrayBuffer(Math.max(atLeast, args.byteLength * 2));
      return args;
    },

    callReducer(id, sender, connectionId, timestamp, argsLength) {
      try {
        if (!hooks) throw new Error('the module is not loaded');
        const view = new View(args, 0, argsLength);
        const nothing = (hooks['__call_reducer__'] as Hook)(id, sender, connectionId, timestamp, view);
        if (nothing !== undefined) throw new TypeError('the reducer hook returned a value');
        return returned;
      } catch (thrown) {
        if (!isSenderError(thrown)) return report(thrown);
        // A refusal needs no stack, and formatting one is expensive.
        const message = partOf(thrown, 'message') ?? '';
        host.threw(message, message, '');
        return refused;
      }
    },

    callProcedure(id, sender, connectionId, timestamp, argsLength) {
      try {
        // A copy, because other calls use the buffer while a procedure commits.
        const bytes = new Bytes(args, 0, argsLength).slice();
        give(apply(hook('__call_procedure__'), hooks, [id, sender, connectionId, timestamp, bytes]));
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },

    callView(id, sender) {
      try {
        giveRows(apply(hook('__call_view__'), hooks, [id, sender, new Bytes(0)]));
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },

    callAnonymousView(id) {
      try {
        giveRows(apply(hook('__call_view_anon__'), hooks, [id, new Bytes(0)]));
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },

    callHandler(id, timestamp, requestLength, bodyLength) {
      try {
        const request = new Bytes(args, 0, requestLength).slice();
        const body = new Bytes(args, requestLength, bodyLength).slice();
        const answer = apply(hook('__call_http_handler__'), hooks, [id, timestamp, request, body]) as unknown[];
        give(answer[0]);
        give(answer[1], true);
        return returned;
      } catch (thrown) {
        return report(thrown);
      }
    },
  };
}
