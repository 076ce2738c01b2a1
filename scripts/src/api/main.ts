// `pnpm api`: writes the public API of each published package into its folder `api`, so that a review shows its changes.
// `--check` fails on drift and writes nothing; `--docs DIR` makes a reference in Markdown.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CommandError, parseFlags, runCommand } from '../command.ts';
import { buildPackage } from '../pack/build-package.ts';
import { PACKAGES, ROOT } from '../pack/packages.ts';
import { writeReport } from './report.ts';

const USAGE = 'pnpm api [--check | --docs DIR]';
const DOCS_TIMEOUT_MS = 120_000;

await runCommand(async args => {
  const { values } = parseFlags(
    { args, options: { check: { type: 'boolean', default: false }, docs: { type: 'string' } } },
    USAGE,
  );
  const models = await mkdtemp(join(tmpdir(), 'agora-api-'));
  try {
    const isChecked = values.check || values.docs !== undefined;
    const changed: string[] = [];
    // One after the other: the order of union members in declarations depends on the files that TypeScript read before.
    for (const built of PACKAGES) await buildPackage(built);
    for (const { folder, reports = [] } of PACKAGES) {
      await mkdir(join(ROOT, folder, 'api'), { recursive: true });
      for (const entry of reports) {
        const { file, isChanged } = writeReport({ folder, entry, models, isChecked });
        if (isChanged) changed.push(relative(ROOT, file));
      }
    }
    if (values.docs !== undefined) {
      const docs = resolve(process.env['INIT_CWD'] ?? process.cwd(), values.docs);
      await writeDocs(models, docs);
      console.log(`The reference starts at ${join(docs, 'index.md')}.`);
    } else if (changed.length === 0) console.log('The API reports are up to date.');
    else if (!values.check) console.log(`Updated: ${changed.join(', ')}.`);
    else {
      throw new CommandError(
        `${changed.join(', ')} does not match the API. If the change is intended, run \`pnpm api\` and commit the result.`,
      );
    }
  } finally {
    await rm(models, { recursive: true });
  }
});

/** Writes a reference in Markdown from a folder of models. */
async function writeDocs(models: string, docs: string): Promise<void> {
  const require = createRequire(import.meta.url);
  const documenter = join(dirname(require.resolve('@microsoft/api-documenter/package.json')), 'bin/api-documenter');
  const args = [documenter, 'markdown', '--input-folder', models, '--output-folder', docs];
  await promisify(execFile)(process.execPath, args, { timeout: DOCS_TIMEOUT_MS });
}
