// The command line of `agora-codegen`: flags, the two commands, and the lines that they print.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { type GeneratedFiles } from './bindings/generate-bindings.ts';
import { buildModule } from './bundle/build-module.ts';
import { CodegenError } from './codegen-error.ts';
import { generateFromBundle } from './generate-from-bundle.ts';
import { generateWithSpacetime } from './official-cli.ts';
import { compareFolder, type Drift, updateFolder } from './output-folder.ts';

const HELP = `agora-codegen (--module-path DIR | --bundle FILE) --out-dir DIR [flags]
    Generates the TypeScript bindings of a SpacetimeDB module.

  --module-path DIR   the folder of the module; it is bundled first
  --entry FILE        the file of the module that exports its schema (src/index.ts)
  --bundle FILE       a module that is bundled already
  --out-dir DIR       the folder of the bindings; only generated files in it are written or deleted
  --check             writes nothing; fails if the folder is not up to date
  --include-private   also private tables and functions
  --use-spacetime     runs the installed spacetime command in place of the built-in generator

agora-codegen bundle [DIR] [--entry FILE] [--out FILE]
    Bundles the module in a folder (default: this one) the way "spacetime build" does.

  --entry FILE        the file that exports the schema (src/index.ts of the folder)
  --out FILE          the file of the bundle (dist/bundle.js of the folder)

  --help              this text`;

const GENERATE_OPTIONS = {
  'module-path': { type: 'string' },
  entry: { type: 'string' },
  bundle: { type: 'string' },
  'out-dir': { type: 'string' },
  check: { type: 'boolean', default: false },
  'include-private': { type: 'boolean', default: false },
  'use-spacetime': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const BUNDLE_OPTIONS = {
  entry: { type: 'string' },
  out: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** Runs one command line. Relative paths start at the working directory, except `--entry`, which starts at the module. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const [first, ...rest] = args;
  if (first === 'bundle') await bundle(rest);
  else await generate([...args]);
}

async function generate(args: string[]): Promise<void> {
  const { values } = parseFlags({ args, options: GENERATE_OPTIONS });
  if (values.help) return console.log(HELP);
  const { bundle, entry, 'module-path': modulePath, 'out-dir': outDir } = values;
  if ((modulePath === undefined) === (bundle === undefined)) {
    throw badFlags('Exactly one of --module-path and --bundle is needed');
  }
  if (outDir === undefined) throw badFlags('--out-dir is needed');
  if (entry !== undefined && bundle !== undefined) throw badFlags('--entry goes with --module-path only');

  const folder = resolve(outDir);
  const generateFiles = values['use-spacetime'] ? generateWithSpacetime : generateFromBundle;
  const options = { includePrivate: values['include-private'] };
  const files =
    bundle === undefined
      ? await withBundleOf(modulePath ?? '.', entry, built => generateFiles(built, options))
      : await generateFiles(resolve(bundle), options);
  const shown = relative(process.cwd(), folder) || '.';
  if (values.check) checkDrift(await compareFolder(folder, files), shown);
  else printUpdate(await updateFolder(folder, files), shown, files);
}

/** Bundles a module into a temporary file for `use`, so that the bindings are those of the sources. */
async function withBundleOf<T>(
  folder: string,
  entry: string | undefined,
  use: (bundle: string) => Promise<T>,
): Promise<T> {
  const temporary = await mkdtemp(join(tmpdir(), 'agora-codegen-'));
  try {
    return await use(await buildModule(folder, { out: join(temporary, 'bundle.js'), ...(entry && { entry }) }));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function printUpdate({ missing, changed, stale }: Drift, shown: string, files: GeneratedFiles): void {
  const counts = `${missing.length} new, ${changed.length} changed; ${stale.length} deleted`;
  console.log(`${shown}: ${files.size} files, of which ${counts}.`);
}

function checkDrift({ missing, changed, stale }: Drift, shown: string): void {
  const lines = [
    ...missing.map(name => `  ${name} is missing`),
    ...changed.map(name => `  ${name} differs`),
    ...stale.map(name => `  ${name} is no longer generated`),
  ];
  if (lines.length > 0) {
    const sentence = `${shown} does not match the module; run the same command without --check:`;
    throw new CodegenError('bindings/outdated', [sentence, ...lines].join('\n'));
  }
  console.log(`${shown} matches the module.`);
}

async function bundle(args: string[]): Promise<void> {
  const { values, positionals } = parseFlags({ args, allowPositionals: true, options: BUNDLE_OPTIONS });
  if (values.help) return console.log(HELP);
  const [folder = '.', ...more] = positionals;
  if (more.length > 0) throw badFlags('One folder is bundled at a time');
  const { entry, out } = values;
  const built = await buildModule(folder, { ...(entry && { entry }), ...(out && { out: resolve(out) }) });
  console.log(`Built ${relative(process.cwd(), built)}.`);
}

function parseFlags<const Config extends ParseArgsConfig>(config: Config) {
  try {
    return parseArgs(config);
  } catch (thrown) {
    const [reason = ''] = (thrown as Error).message.split(/\. |\n/); // parseArgs throws errors only
    throw badFlags(reason, thrown);
  }
}

function badFlags(reason: string, cause?: unknown): CodegenError {
  return new CodegenError('flags/invalid', `${reason}. Run "agora-codegen --help" for its flags.`, { cause });
}
