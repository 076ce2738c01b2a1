// Bundles a module the way `spacetime build` does, so that tests run the bundle that `spacetime publish` would send, with two
// optimizations (`one-query-builder.ts`, `fast-codecs.ts`). It does not check types.

import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { type OutputChunk, rolldown, type RolldownLog } from 'rolldown';
import { CodegenError } from '../codegen-error.ts';
import { fastCodecs } from './fast-codecs.ts';
import { oneQueryBuilder } from './one-query-builder.ts';

/** Input and output files of a bundle. */
export interface BuildOptions {
  /** The file that exports the schema, relative to the folder; default `src/index.ts`. */
  readonly entry?: string;
  /** The file of the bundle, relative to the folder; default `dist/bundle.js`. */
  readonly out?: string;
}

/**
 * Bundles the module in a folder into one file and returns its path. Throws `CodegenError` `module/…` if an import is
 * missing, or if no database could run the bundle.
 */
export async function buildModule(folder: string, options: BuildOptions = {}): Promise<string> {
  const cwd = resolve(folder);
  const entry = resolve(cwd, options.entry ?? 'src/index.ts');
  const out = resolve(cwd, options.out ?? 'dist/bundle.js');
  if (!existsSync(entry))
    throw new CodegenError(
      'module/not-found',
      `There is no module to build: ${relative(process.cwd(), entry)} does not exist.`,
    );
  const tsconfig = resolve(cwd, 'tsconfig.json');
  const unresolved: RolldownLog[] = [];

  const bundler = await rolldown({
    input: entry,
    cwd,
    external: /spacetime:sys.*/,
    plugins: [oneQueryBuilder, fastCodecs],
    // A module has none of Node's globals.
    platform: 'browser',
    resolve: {
      conditionNames: ['production', 'import', 'default'],
      mainFields: ['exports', 'module', 'main'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json'],
      symlinks: true,
    },
    // The server library sets up its realm as a side effect of being imported.
    treeshake: { moduleSideEffects: true, propertyReadSideEffects: 'always' },
    transform: {
      target: 'esnext',
      // Without quotes, as in the official build.
      define: { 'process.env.NODE_ENV': 'production' },
    },
    tsconfig: existsSync(tsconfig) ? tsconfig : false,
    onLog(level, log, report) {
      if (log.code === 'UNRESOLVED_IMPORT') unresolved.push(log);
      else report(level, log);
    },
  });
  try {
    const written = await bundler.write({
      file: out,
      format: 'esm',
      exports: 'named',
      minify: false,
      comments: { legal: false },
      topLevelVar: false,
      sourcemap: 'inline',
      sourcemapDebugIds: true,
      // Relative to the folder, not to dist/, so that a stack trace shows the paths of the sources.
      sourcemapPathTransform: path => path.replace(/^\.\.\//, ''),
    });
    const [missing] = unresolved;
    if (missing) {
      const sentence = `The module imports a package that is not installed: ${missing.message}`;
      throw new CodegenError('module/unresolved-import', sentence);
    }
    checkOutput(written.output[0]);
    return out;
  } catch (thrown) {
    if (thrown instanceof CodegenError) throw thrown;
    const { message } = thrown as Error; // rolldown throws errors only
    const reason = message.includes('multiple chunks')
      ? 'it uses import(), which makes further files that are never published.'
      : message;
    throw new CodegenError('module/not-bundled', `The module cannot be bundled: ${reason}`, { cause: thrown });
  } finally {
    await bundler.close();
  }
}

/** The checks of the official build. */
function checkOutput(bundle: OutputChunk): void {
  const majors = new Set(bundle.imports.flatMap(name => /^spacetime:sys@(\d+)\.\d+$/.exec(name)?.[1] ?? []));
  if (majors.size === 0) {
    throw new CodegenError(
      'module/no-server-library',
      "The module does not import 'spacetimedb/server', so it cannot call a database.",
    );
  }
  if (majors.size > 1) {
    throw new CodegenError(
      'module/mixed-server-libraries',
      `The module contains several versions of 'spacetimedb/server', for hosts ${[...majors].join(' and ')}.`,
    );
  }
  if (majors.has('2') && !bundle.exports.includes('default')) {
    throw new CodegenError(
      'module/no-schema',
      'The module does not export its schema; it must `export default schema(...)`.',
    );
  }
}
