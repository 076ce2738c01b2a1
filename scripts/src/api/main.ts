// `pnpm api`: writes the public API of each published package into its folder `api`, so that a review shows its changes.
// `--check` fails on drift and writes no report; `--docs DIR` makes a reference in Markdown.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { CommandError, parseFlags, runCommand } from '../command.ts';
import { buildPackage } from '../pack/build-package.ts';
import { PACKAGES, ROOT } from '../pack/packages.ts';
import { referenceIndex, referencePage, type ReferencePage } from './reference.ts';
import { writeReport } from './report.ts';

const USAGE = 'pnpm api [--check] [--docs DIR]';

await runCommand(async args => {
  const { values } = parseFlags(
    { args, options: { check: { type: 'boolean', default: false }, docs: { type: 'string' } } },
    USAGE,
  );
  const models = await mkdtemp(join(tmpdir(), 'agora-api-'));
  try {
    const isChecked = values.check || values.docs !== undefined;
    const changed: string[] = [];
    const pages: ReferencePage[] = [];
    // One after the other: the order of union members in declarations depends on the files that TypeScript read before.
    for (const built of PACKAGES) await buildPackage(built);
    for (const { folder, reports = [] } of PACKAGES) {
      await mkdir(join(ROOT, folder, 'api'), { recursive: true });
      for (const entry of reports) {
        const { file, model, isChanged } = writeReport({ folder, entry, models, isChecked });
        if (isChanged) changed.push(relative(ROOT, file));
        const title = ['@agora', folder, entry.replace(/\/?index$/, '')].filter(part => part !== '').join('/');
        pages.push(referencePage(await readFile(model, 'utf8'), title));
      }
    }
    if (values.docs !== undefined) {
      const docs = resolve(process.env['INIT_CWD'] ?? process.cwd(), values.docs);
      await writeReference(pages, docs);
      console.log(`The reference starts at ${join(docs, 'index.md')}.`);
      if (!values.check) return;
    }
    if (changed.length === 0) console.log('The API reports are up to date.');
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

/** Writes the pages of a reference, in a new folder. */
async function writeReference(pages: readonly ReferencePage[], docs: string): Promise<void> {
  await rm(docs, { recursive: true, force: true });
  await mkdir(docs, { recursive: true });
  await writeFile(join(docs, 'index.md'), referenceIndex(pages));
  for (const { file, text } of pages) await writeFile(join(docs, file), text);
}
