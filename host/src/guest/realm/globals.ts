// Runs inside a module's realm before the module: sets the globals of SpacetimeDB and closes the escapes to the host.
//
// The functions of this folder are passed as source text (`String(f)`), so each is self-contained: it uses only its
// parameters and the globals of the realm. The module cannot reach their closures.

import type { HostSide } from '../host-side.ts';

/** Prepares the globals of a fresh realm. */
export function prepareGlobals(host: HostSide): void {
  'use strict';

  const define = (target: object, name: PropertyKey, value: unknown) =>
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });

  // The engine's own console writes to the host's inspector; the library brings another.
  Reflect.deleteProperty(globalThis, 'console');

  Object.defineProperty(Math, 'random', {
    configurable: true,
    get() {
      throw new TypeError('Math.random is not available in SpacetimeDB modules. Use ctx.random instead.');
    },
  });

  // Streaming compilation would reject with an error of the host.
  const wasm: unknown = Reflect.get(globalThis, 'WebAssembly');
  if (typeof wasm === 'object' && wasm !== null) {
    Reflect.deleteProperty(wasm, 'compileStreaming');
    Reflect.deleteProperty(wasm, 'instantiateStreaming');
  }

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
  Object.defineProperty(SilentFinalizationRegistry, 'name', { value: 'FinalizationRegistry' });
  define(globalThis, 'FinalizationRegistry', SilentFinalizationRegistry);

  // `import()` in text compiled at run time: its promise would be rejected with an error of the host. The bundle itself
  // has none left. Property names (`row.import`, `{ import: 1 }`) are allowed. The module may have changed any prototype
  // by the time this runs, so no code here uses one.
  type Compiler = (...args: unknown[]) => unknown;
  const apply: (call: Compiler, self: unknown, args: unknown[]) => unknown = Reflect.apply;
  const { construct } = Reflect;
  const exec = Reflect.get(RegExp.prototype, 'exec') as Compiler;
  const mayImport = /(?:^|[^\w$.'"`]|\.\.\.)import(?![\w$'"`:,])/;
  const refuseImport = (source: string) => {
    if (apply(exec, mayImport, [source]) !== null) {
      throw new TypeError('import() is not available in SpacetimeDB modules');
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
    refuseImport(whole);
  };
  const guardCompiler = (compiler: Compiler): Compiler => {
    const handler: ProxyHandler<Compiler> = {
      apply(target, self, args: unknown[]) {
        check(args);
        return apply(target, self, args);
      },
      construct(target, args: unknown[], newTarget) {
        check(args);
        return construct(target, args, newTarget) as object;
      },
    };
    // With a prototype, a trap defined there would receive the unguarded function.
    Object.setPrototypeOf(handler, null);
    return new Proxy(compiler, handler);
  };

  const guardedFunction = guardCompiler(Function as unknown as Compiler);
  define(globalThis, 'Function', guardedFunction);
  define(Function.prototype, 'constructor', guardedFunction);
  for (const sample of [async function () {}, function* () {}, async function* () {}]) {
    const prototype = Object.getPrototypeOf(sample) as { constructor: Compiler };
    const compiler = prototype.constructor;
    Object.setPrototypeOf(compiler, guardedFunction);
    Object.defineProperty(prototype, 'constructor', { value: guardCompiler(compiler), configurable: true });
  }
  const evalHandler: ProxyHandler<Compiler> = {
    apply(target, _self, args: unknown[]) {
      const source = args[0];
      if (typeof source !== 'string') return source;
      refuseImport(source);
      return target(source);
    },
  };
  Object.setPrototypeOf(evalHandler, null);
  define(globalThis, 'eval', new Proxy(globalThis.eval as Compiler, evalHandler));

  // The host's exception on stack overflow is an object of the host, so it is dropped.
  const encodeUtf8 = (text: string, buffer: ArrayBuffer) => {
    try {
      return host.encodeUtf8(text, buffer);
    } catch {
      throw new RangeError('Maximum call stack size exceeded');
    }
  };
  const utf8Length = (text: string) => {
    try {
      return host.utf8Length(text);
    } catch {
      throw new RangeError('Maximum call stack size exceeded');
    }
  };
  const decodeUtf8 = (buffer: ArrayBuffer, offset: number, length: number, isFatal: boolean) => {
    let isGood;
    try {
      isGood = !isFatal || host.isUtf8(buffer, offset, length);
      if (isGood) return host.decodeUtf8(buffer, offset, length);
    } catch {
      throw new RangeError('Maximum call stack size exceeded');
    }
    throw new TypeError('The encoded data was not valid for encoding utf-8');
  };

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
          const unit = source.charCodeAt(at);
          if (unit > 127) break;
          bytes[at] = unit;
        }
        if (at === length) return bytes;
      }
      if (length <= 5400) return scratchBytes.slice(0, encodeUtf8(source, scratch));
      const large = new Uint8Array(utf8Length(source));
      encodeUtf8(source, large.buffer);
      return large;
    }
  }

  /** UTF-8 only; supports `fatal` but neither streaming nor `ignoreBOM`. */
  class RealmTextDecoder {
    readonly fatal: boolean;

    constructor(label = 'utf-8', options?: { fatal?: boolean }) {
      if (label !== 'utf-8') {
        const name = `${label}`.toLowerCase();
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
      const isView = ArrayBuffer.isView(input);
      const buffer = (isView ? input.buffer : input) as ArrayBuffer;
      const offset = isView ? input.byteOffset : 0;
      const length = input.byteLength;
      if (length <= 16) {
        const bytes = new Uint8Array(buffer, offset, length);
        let text = '';
        let at = 0;
        for (; at < length; at++) {
          const byte = bytes[at] as number;
          if (byte > 127) break;
          text += String.fromCharCode(byte);
        }
        if (at === length) return text;
      }
      return decodeUtf8(buffer, offset, length, this.fatal);
    }
  }
  Object.defineProperty(RealmTextEncoder, 'name', { value: 'TextEncoder' });
  Object.defineProperty(RealmTextDecoder, 'name', { value: 'TextDecoder' });
  define(globalThis, 'TextEncoder', RealmTextEncoder);
  define(globalThis, 'TextDecoder', RealmTextDecoder);

  // Absent before Node 22.
  if (!('isSubsetOf' in Set.prototype)) {
    define(Set.prototype, 'isSubsetOf', function (this: Set<unknown>, other: Set<unknown>) {
      for (const element of this) if (!other.has(element)) return false;
      return true;
    });
  }
}
