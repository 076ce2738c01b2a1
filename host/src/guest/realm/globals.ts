// Runs inside a module's realm before the module: sets the globals of SpacetimeDB and closes the escapes to the host.
//
// The functions of this folder are passed as source text (`String(f)`), so each is self-contained: it uses only its
// parameters, which are the primordials and what earlier functions made. The module cannot reach their closures.

import type { HostCalls } from './host-calls.ts';
import type { Primordials } from './primordials.ts';

/** Prepares the globals of a fresh realm. */
export function prepareGlobals(host: HostCalls, primordials: Primordials): void {
  'use strict';

  const { ArrayBuffer, Proxy, RangeError, TypeError, Uint8Array, apply, construct, define, exec, get, global, remove } =
    primordials;
  const { charCodeAt, fromCharCode, isView, prototypeOf, setPrototypeOf, sliceBytes, toLowerCase } = primordials;
  const { typeOfView, bufferOfArray, offsetOfArray, lengthOfArray } = primordials;
  const { bufferOfView, offsetOfView, lengthOfView, byteLength, functionPrototype } = primordials;
  const { encodeUtf8, decodeUtf8, utf8Length } = host;
  const replace = (target: object, name: PropertyKey, value: unknown) =>
    define(target, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
  const nameClass = (of: object, value: string) => define(of, 'name', { __proto__: null, value, configurable: true });

  // The engine's own console writes to the host's inspector; the library brings another.
  remove(global, 'console');

  define(get(global, 'Math') as object, 'random', {
    __proto__: null,
    configurable: true,
    get() {
      throw new TypeError('Math.random is not available in SpacetimeDB modules. Use ctx.random instead.');
    },
  });

  // A cleanup would run between calls, and its error would end the host. The language never guarantees a cleanup.
  class SilentFinalizationRegistry {
    constructor(cleanup: unknown) {
      if (typeof cleanup !== 'function') throw new TypeError('FinalizationRegistry: cleanup must be callable');
    }
    register(): void {}
    unregister(): boolean {
      return false;
    }
  }
  nameClass(SilentFinalizationRegistry, 'FinalizationRegistry');
  replace(global, 'FinalizationRegistry', SilentFinalizationRegistry);

  // Text compiled at run time may not contain `import()`, whose promise would be rejected with an error of the host, nor
  // native async functions, whose promises Node would look at (promises.ts). The bundle itself has neither left. Property
  // names (`row.import`, `{ async: 1 }`) are allowed.
  type Compiler = (...args: unknown[]) => unknown;
  const mayImport = /(?:^|[^\w$.'"`]|\.\.\.)import(?![\w$'"`:,])/;
  const mayBeAsync = /(?:^|[^\w$.]|\.\.\.)async(?![\w$])(?!\s*(?:[:,;})=\]]|$))/;
  const refuseText = (source: string) => {
    if (exec(mayImport, source) !== null) throw new TypeError('import() is not available in SpacetimeDB modules');
    if (exec(mayBeAsync, source) !== null) {
      throw new TypeError('async functions are not available in text that is compiled at run time');
    }
  };
  /** Converts the arguments to text, once, in place. */
  const check = (args: unknown[]) => {
    let whole = '';
    for (let i = 0; i < args.length; i++) {
      const text = `${args[i] as string}`;
      args[i] = text;
      whole += `\n${text}\n`;
    }
    refuseText(whole);
  };
  /** A handler without a prototype: a trap defined there would receive the unguarded function. */
  const handlerOf = (traps: ProxyHandler<Compiler>): ProxyHandler<Compiler> => {
    setPrototypeOf(traps, null);
    return traps;
  };
  const guardCompiler = (compiler: Compiler): Compiler =>
    new Proxy(
      compiler,
      handlerOf({
        apply(target, self, args: unknown[]) {
          check(args);
          return apply(target, self, args);
        },
        construct(target, args: unknown[], newTarget) {
          check(args);
          return construct(target, args, newTarget);
        },
      }),
    );

  const guardedFunction = guardCompiler(primordials.Function as unknown as Compiler);
  replace(global, 'Function', guardedFunction);
  replace(functionPrototype, 'constructor', guardedFunction);
  const guardKind = (sample: object) => {
    const prototype = prototypeOf(sample) as { constructor: Compiler };
    const compiler = prototype.constructor;
    setPrototypeOf(compiler, guardedFunction);
    define(prototype, 'constructor', { __proto__: null, value: guardCompiler(compiler), configurable: true });
  };
  guardKind(async function () {});
  guardKind(function* () {});
  guardKind(async function* () {});
  const evaluate = primordials.eval as Compiler;
  const guardedEval = handlerOf({
    apply(_target, _self, args: unknown[]) {
      const source = args[0];
      if (typeof source !== 'string') return source;
      refuseText(source);
      return evaluate(source);
    },
  });
  replace(global, 'eval', new Proxy(evaluate, guardedEval));

  const scratch = new ArrayBuffer(16384);
  const scratchBytes = new Uint8Array(scratch);

  /** UTF-8 only, `encode` only. */
  class RealmTextEncoder {
    get encoding() {
      return 'utf-8';
    }
    encode(text: string | undefined = '') {
      const source = `${text}`;
      const length = source.length;
      if (length <= 32) {
        const bytes = new Uint8Array(length);
        let at = 0;
        for (; at < length; at++) {
          const unit = charCodeAt(source, at);
          if (unit > 127) break;
          bytes[at] = unit;
        }
        if (at === length) return bytes;
      }
      if (length <= 5400) return sliceBytes(scratchBytes, 0, encodeUtf8(source, scratch));
      const large = new ArrayBuffer(utf8Length(source));
      encodeUtf8(source, large);
      return new Uint8Array(large);
    }
  }

  /** UTF-8 only; supports `fatal` but neither streaming nor `ignoreBOM`. */
  class RealmTextDecoder {
    readonly fatal: boolean;

    constructor(label = 'utf-8', options?: { fatal?: boolean }) {
      if (label !== 'utf-8') {
        const name = toLowerCase(`${label}`);
        if (name !== 'utf-8' && name !== 'utf8') {
          throw new RangeError(`The "${name}" encoding is not supported by TextDecoder`);
        }
      }
      this.fatal = options?.fatal === true;
    }
    get encoding() {
      return 'utf-8';
    }
    decode(input?: ArrayBuffer | ArrayBufferView) {
      if (input === undefined) return '';
      let buffer: ArrayBuffer;
      let offset = 0;
      let length: number;
      if (!isView(input)) {
        buffer = input;
        length = byteLength(input);
      } else if (typeOfView(input) !== undefined) {
        buffer = bufferOfArray(input);
        offset = offsetOfArray(input);
        length = lengthOfArray(input);
      } else {
        buffer = bufferOfView(input);
        offset = offsetOfView(input);
        length = lengthOfView(input);
      }
      if (length <= 16) {
        const bytes = new Uint8Array(buffer, offset, length);
        let text = '';
        let at = 0;
        for (; at < length; at++) {
          const byte = bytes[at] as number;
          if (byte > 127) break;
          text += fromCharCode(byte);
        }
        if (at === length) return text;
      }
      const text = decodeUtf8(buffer, offset, length, this.fatal);
      if (text === undefined) throw new TypeError('The encoded data was not valid for encoding utf-8');
      return text;
    }
  }
  nameClass(RealmTextEncoder, 'TextEncoder');
  nameClass(RealmTextDecoder, 'TextDecoder');
  replace(global, 'TextEncoder', RealmTextEncoder);
  replace(global, 'TextDecoder', RealmTextDecoder);
}
