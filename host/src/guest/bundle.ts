// A published bundle: one ES module, made into a script that can be evaluated in any realm.

import { SourceMap } from 'node:module';
import vm from 'node:vm';
import { transformSync, version as ESBUILD_VERSION, type TransformFailure } from 'esbuild';
import { HostError, messageOf } from '../errors.ts';

/** What stack traces and the module log call the file of a module. */
export const MODULE_FILE = 'spacetimedb_module';

/** Bundles kept compiled, so that loading the same one again is cheap. */
const MAX_CACHED_BUNDLES = 4;

/** A module ready to be evaluated. */
export interface CompiledBundle {
  /** Evaluates to `(module, exports, require) => void`. */
  readonly script: vm.Script;
  /** The line of the published bundle that a line of the script came from. */
  lineOf(line: number, column: number): number;
}

/** A bundle as a script, and the source map that leads back. */
export interface TransformedBundle {
  readonly code: string;
  readonly map: string;
}

/** Keeps what bundles became, from one process to the next. */
export interface ScriptCache {
  /** What was kept for `of`, the bundle and all that its script depends on. */
  read(of: string): TransformedBundle | undefined;
  keep(of: string, script: TransformedBundle): void;
}

const kept = new Map<string, { readonly compiled: CompiledBundle; readonly script: TransformedBundle }>();

/** Compiles a bundle, or what a cache has of it. Throws `guest/invalid` with the text of the syntax error. */
export function compileBundle(bundle: string, cache?: ScriptCache): CompiledBundle {
  const of = `${ESBUILD_VERSION} ${target()}\n${bundle}`;
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
  const script = new vm.Script(`(function (module, exports, require) {${code}\n})`, { filename: MODULE_FILE });
  let sourceMap: SourceMap | undefined;
  return {
    script,
    lineOf(line, column) {
      // The map is decoded when the first line is asked for: most modules are loaded for less.
      sourceMap ??= new SourceMap(JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0]);
      const entry = sourceMap.findEntry(line - 1, column - 1);
      return 'originalLine' in entry ? entry.originalLine + 1 : line;
    },
  };
}

function transform(bundle: string): TransformedBundle {
  try {
    return transformSync(bundle, {
      format: 'cjs',
      loader: 'js',
      target: target(),
      // A module has no dynamic import, and the promise of Node's own would hand it an object of the host.
      supported: { 'dynamic-import': false, 'import-source': false, 'import-defer': false },
      sourcemap: 'external',
      sourcesContent: false,
      charset: 'utf8',
      logLevel: 'silent',
    });
  } catch (cause) {
    throw new HostError('guest/invalid', `Uncaught SyntaxError: ${syntaxError(cause)}`, { cause });
  }
}

function target(): 'esnext' | 'es2022' {
  return parsesUsing() ? 'esnext' : 'es2022';
}

/** Whether this engine knows `using`, which the library's bundles contain. */
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
