// Bundles a module the way `spacetime build` does, so that what is tested here is what `spacetime publish` would send, but for
// one thing that the SDK does needlessly often (`one-query-builder.ts`).
// Types are checked by `pnpm types`, not here.

import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { type OutputChunk, rolldown, type RolldownLog } from 'rolldown';
import { CommandError, parseFlags, runCommand } from './command.ts';
import { oneQueryBuilder } from './one-query-builder.ts';

const USAGE = 'build-module.ts [FOLDER] [--entry FILE] [--out FILE]';

/** What is bundled, and where to. */
export interface BuildOptions {
  /** The file that exports the schema; by default `src/index.ts` of the folder. */
  readonly entry?: string;
  /** Where the bundle is written; by default `dist/bundle.js` of the folder. */
  readonly out?: string;
}

/**
 * Bundles the module in a folder into one file and returns its path. Throws `CommandError` when something it imports is
 * missing, or when no database could run the bundle.
 */
export async function buildModule(folder: string, options: BuildOptions = {}): Promise<string> {
  const cwd = resolve(folder);
  const entry = resolve(cwd, options.entry ?? 'src/index.ts');
  const out = resolve(cwd, options.out ?? 'dist/bundle.js');
  if (!existsSync(entry))
    throw new CommandError(`There is no module to build: ${relative(process.cwd(), entry)} does not exist.`);
  const tsconfig = resolve(cwd, 'tsconfig.json');
  const unresolved: RolldownLog[] = [];

  const bundler = await rolldown({
    input: entry,
    cwd,
    external: /spacetime:sys.*/,
    plugins: [oneQueryBuilder],
    // Not that of Node: a module has none of Node's globals.
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
      // The bare word, as the official build has it.
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
      // Seen from the folder and not from dist/, so that a trace names the files as people know them.
      sourcemapPathTransform: path => path.replace(/^\.\.\//, ''),
    });
    const [missing] = unresolved;
    if (missing) throw new CommandError(`The module imports what is not installed: ${missing.message}`);
    checkOutput(written.output[0]);
    return out;
  } catch (thrown) {
    if (thrown instanceof CommandError) throw thrown;
    const { message } = thrown as Error; // rolldown throws errors only
    const reason = message.includes('multiple chunks')
      ? 'it uses import(), which makes files beside the bundle that are never published.'
      : message;
    throw new CommandError(`The module cannot be bundled: ${reason}`, 1, { cause: thrown });
  } finally {
    await bundler.close();
  }
}

/** What the official build checks of a bundle. */
function checkOutput(bundle: OutputChunk): void {
  const majors = new Set(bundle.imports.flatMap(name => /^spacetime:sys@(\d+)\.\d+$/.exec(name)?.[1] ?? []));
  if (majors.size === 0) {
    throw new CommandError("The module does not import 'spacetimedb/server', so it cannot talk to a database.");
  }
  if (majors.size > 1) {
    throw new CommandError(
      `The module brings in several versions of 'spacetimedb/server', for hosts ${[...majors].join(' and ')}.`,
    );
  }
  if (majors.has('2') && !bundle.exports.includes('default')) {
    throw new CommandError('The module does not export its schema; it must `export default schema(...)`.');
  }
}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseFlags(
    { args, allowPositionals: true, options: { entry: { type: 'string' }, out: { type: 'string' } } },
    USAGE,
  );
  const [folder = '.', ...more] = positionals;
  if (more.length > 0) throw new CommandError(`One folder is built at a time. Usage: ${USAGE}`, 2);
  // Given on the command line, paths are meant from where the command was typed.
  const path = (file: string | undefined) => (file === undefined ? {} : { file: resolve(file) });
  const { file: entry } = path(values.entry);
  const { file: out } = path(values.out);
  const built = await buildModule(folder, { ...(entry && { entry }), ...(out && { out }) });
  console.log(`Built ${relative(process.cwd(), built)}.`);
}

if (import.meta.main) await runCommand(main);
