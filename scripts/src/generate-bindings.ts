// `pnpm generate`: writes the typed bindings of a module, or with --check says whether they are what they should be.

import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extractDescription } from '@agora/host/guest';
import { checkModule, decodeModule } from '@agora/host/schema';
import { buildModule } from './build-module.ts';
import { generateBindings, type GeneratedFiles } from './codegen/generate.ts';
import { type BindingOptions } from './codegen/module-view.ts';
import { generateWithSpacetime } from './codegen/official-cli.ts';
import { compareFolder, type Drift, updateFolder } from './codegen/output-folder.ts';
import { CommandError, parseFlags, runCommand } from './command.ts';

const USAGE = 'pnpm generate [--check] [--bundle FILE --out FOLDER] [--include-private] [--use-spacetime]';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const OPTIONS = {
  check: { type: 'boolean', default: false },
  bundle: { type: 'string' },
  out: { type: 'string' },
  'include-private': { type: 'boolean', default: false },
  'use-spacetime': { type: 'boolean', default: false },
} as const;

/** Runs the command with the flags that follow its name. */
export async function generateCommand(args: string[]): Promise<void> {
  const { values } = parseFlags({ args, options: OPTIONS }, USAGE);
  if ((values.bundle === undefined) !== (values.out === undefined)) {
    throw new CommandError(`--bundle and --out go together. Usage: ${USAGE}`, 2);
  }
  // Without a bundle it is our own module, built first so that its bindings cannot be those of yesterday.
  const bundle = values.bundle ? resolve(values.bundle) : await buildModule(join(root, 'module'));
  const folder = values.out ? resolve(values.out) : join(root, 'bindings/src');
  const options = { includePrivate: values['include-private'] };
  const files = values['use-spacetime']
    ? await generateWithSpacetime(bundle, options)
    : await generateFromBundle(bundle, options);

  const where = relative(process.cwd(), folder) || '.';
  if (values.check) return report(await compareFolder(folder, files), where);
  const { missing, changed, stale } = await updateFolder(folder, files);
  console.log(
    `${where}: ${files.size} files, of which ${missing.length} new, ${changed.length} changed; ${stale.length} deleted.`,
  );
}

/** Generates the bindings of the module in a bundle. Throws `CommandError` when there is none, or when it is wrong. */
export async function generateFromBundle(bundle: string, options: BindingOptions = {}): Promise<GeneratedFiles> {
  const code = await readFile(bundle, 'utf8').catch((cause: unknown) => {
    throw new CommandError(`The bundle ${bundle} cannot be read.`, 1, { cause });
  });
  try {
    return generateBindings(checkModule(decodeModule(extractDescription(code))), options);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown)) throw thrown;
    throw new CommandError(`The module in ${bundle} cannot have bindings: ${thrown.message}`, 1, { cause: thrown });
  }
}

function report({ missing, changed, stale }: Drift, where: string): void {
  const lines = [
    ...missing.map(name => `  ${name} is missing`),
    ...changed.map(name => `  ${name} differs`),
    ...stale.map(name => `  ${name} is no longer generated`),
  ];
  if (lines.length > 0) {
    throw new CommandError([`${where} is not what the module says; run "pnpm generate":`, ...lines].join('\n'));
  }
  console.log(`${where} is what the module says.`);
}

if (import.meta.main) await runCommand(generateCommand);
