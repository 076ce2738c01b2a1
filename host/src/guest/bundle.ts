// Compiles a published bundle, one ES module, into a script that can be evaluated in any realm.

import { SourceMap } from 'node:module';
import vm from 'node:vm';
import { transformSync, version as ESBUILD_VERSION, type TransformFailure } from 'esbuild';
import { HostError, messageOf } from '../errors.ts';

/** The file name of a module in stack traces and in the module log. */
export const MODULE_FILE = 'spacetimedb_module';

/** Number of compiled bundles in memory, so that loading the same one again is cheap. */
const MAX_CACHED_BUNDLES = 4;

/** A position in a text. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A compiled module. */
export interface CompiledBundle {
  /** Evaluates to `(module, exports, require) => void`. */
  readonly text: string;
  /** The compiled `text`. */
  readonly script: vm.Script;
  /** The position in the published bundle for a position in the script; both count from 1. */
  originOf(line: number, column: number): Position;
}

/** The script of a bundle, with a source map to the bundle. */
export interface TransformedBundle {
  readonly code: string;
  readonly map: string;
}

/** Persistent cache of transformed bundles. */
export interface ScriptCache {
  /** The cached script for `of`, the bundle and everything its script depends on. */
  read(of: string): TransformedBundle | undefined;
  keep(of: string, script: TransformedBundle): void;
}

const kept = new Map<string, { readonly compiled: CompiledBundle; readonly script: TransformedBundle }>();

/** Compiles a bundle, or its cached script. Throws `guest/invalid` with the text of the syntax error. */
export function compileBundle(bundle: string, cache?: ScriptCache): CompiledBundle {
  const of = `${ESBUILD_VERSION} ${target()} ${Object.keys(UNSUPPORTED).join()}\n${bundle}`;
  const known = kept.get(bundle);
  const found = cache?.read(of);
  const script = known?.script ?? found ?? transform(bundle);
  if (!found) cache?.keep(of, script);
  if (known) return known.compiled;
  const compiled = compile(script);
  kept.set(bundle, { compiled, script });
  for (const oldest of kept.keys()) {
    if (kept.size <= MAX_CACHED_BUNDLES) break;
    kept.delete(oldest);
  }
  return compiled;
}

function compile({ code, map }: TransformedBundle): CompiledBundle {
  const text = `(function (module, exports, require) {${code}\n})`;
  const script = new vm.Script(text, { filename: MODULE_FILE });
  let sourceMap: SourceMap | undefined;
  return {
    text,
    script,
    originOf(line, column) {
      // The map is decoded on first use, because most loads need no position.
      sourceMap ??= new SourceMap(JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0]);
      const entry = sourceMap.findEntry(line - 1, column - 1);
      return 'originalLine' in entry
        ? { line: entry.originalLine + 1, column: entry.originalColumn + 1 }
        : { line, column };
    },
  };
}

/**
 * A module has no dynamic import: the promise of Node's own would expose an object of the host. Async functions become
 * generators, because Node would look at the promises that the engine makes for them (realm/promises.ts).
 */
const UNSUPPORTED = {
  'dynamic-import': false,
  'import-source': false,
  'import-defer': false,
  'async-await': false,
  'async-generator': false,
  'for-await': false,
};

function transform(bundle: string): TransformedBundle {
  try {
    return transformSync(bundle, {
      format: 'cjs',
      loader: 'js',
      target: target(),
      supported: UNSUPPORTED,
      sourcemap: 'external',
      sourcesContent: false,
      charset: 'utf8',
      // Without comments and spaces a module takes a fifth of the memory.
      minifyWhitespace: true,
      logLevel: 'silent',
    });
  } catch (cause) {
    throw new HostError('guest/invalid', `Uncaught SyntaxError: ${syntaxError(cause)}`, { cause });
  }
}

function target(): 'esnext' | 'es2022' {
  return parsesUsing() ? 'esnext' : 'es2022';
}

/** Returns true if this engine parses `using`, which the library's bundles contain. */
function parsesUsing(): boolean {
  try {
    return Boolean(new vm.Script('{ using nothing = null; }'));
  } catch {
    return false;
  }
}

function syntaxError(cause: unknown): string {
  const first = isTransformFailure(cause) ? cause.errors[0] : undefined;
  if (!first) return messageOf(cause);
  if (first.text.startsWith('Top-level await')) return 'await outside of a function is not available in modules';
  return first.location ? `${first.text} (line ${first.location.line})` : first.text;
}

function isTransformFailure(cause: unknown): cause is TransformFailure {
  return cause instanceof Error && 'errors' in cause && Array.isArray(cause.errors);
}
