// `npm run docs`: builds the site of the documents, with the API reference, into `docs/.vitepress/dist`. Dead links fail. `--check`
// also fails if the API reports are out of date. The site generator is installed here only, from its own lockfile.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CommandError, parseFlags, runCommand } from '../command.ts';
import { ROOT } from '../pack/packages.ts';

const USAGE = 'npm run docs -- [--check]';
const DOCS = join(ROOT, 'docs');

await runCommand(async args => {
  const { values } = parseFlags({ args, options: { check: { type: 'boolean', default: false } } }, USAGE);
  await run('pnpm', ['install', '--frozen-lockfile', '--loglevel=error'], DOCS);
  const flags = [...(values.check ? ['--check'] : []), '--docs', join(DOCS, 'api')];
  await run(process.execPath, [join(ROOT, 'scripts/src/api/main.ts'), ...flags], ROOT);
  await run(process.execPath, [join(DOCS, 'node_modules/vitepress/bin/vitepress.js'), 'build', DOCS], DOCS);
  console.log(`The site is in ${join(DOCS, '.vitepress/dist')}.`);
});

async function run(program: string, words: readonly string[], cwd: string): Promise<void> {
  const child = spawn(program, words, { cwd, stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new CommandError(`"${program} ${words.join(' ')}" ended with ${code}.`);
}
