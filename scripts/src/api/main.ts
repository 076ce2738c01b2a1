// `pnpm api`: what outsiders may use of each published package, written down in its folder `api`, so that a change of it is
// seen in review. `--check` tells drift and writes nothing; `--docs DIR` makes a reference in Markdown.

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
const DOCS_WITHIN_MS = 120_000;

await runCommand(async args => {
  const { values } = parseFlags(
    { args, options: { check: { type: 'boolean', default: false }, docs: { type: 'string' } } },
    USAGE,
  );
  const models = await mkdtemp(join(tmpdir(), 'agora-api-'));
  try {
    const isChecked = values.check || values.docs !== undefined;
    const changed: string[] = [];
    // One after the other: the order in which TypeScript writes unions depends on what it looked at before.
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
      console.log(`The reference begins at ${join(docs, 'index.md')}.`);
    } else if (changed.length === 0) console.log('The API reports are up to date.');
    else if (!values.check) console.log(`Written anew: ${changed.join(', ')}.`);
    else {
      throw new CommandError(
        `The API of ${changed.join(', ')} is another than what is written there. If that is meant, run \`pnpm api\` and commit it.`,
      );
    }
  } finally {
    await rm(models, { recursive: true });
  }
});

/** Makes a page of Markdown for everything in some models. */
async function writeDocs(models: string, docs: string): Promise<void> {
  const require = createRequire(import.meta.url);
  const documenter = join(dirname(require.resolve('@microsoft/api-documenter/package.json')), 'bin/api-documenter');
  const args = [documenter, 'markdown', '--input-folder', models, '--output-folder', docs];
  await promisify(execFile)(process.execPath, args, { timeout: DOCS_WITHIN_MS });
}
