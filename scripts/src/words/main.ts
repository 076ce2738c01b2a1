// `pnpm words`: counts the words that comments and Markdown avoid, for each package; fails above 1 in 1,000.
// `pnpm words --files [PATH…]` lists each of them with its line and what to write instead, the worst file first.

import { globSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { CommandError, parseFlags, runCommand } from '../command.ts';
import { ROOT } from '../pack/packages.ts';
import { countFile, MAX_RATE, packagesAboveLimit, rateOf, sumOf, type FileCount } from './count-words.ts';

const USAGE = 'pnpm words [--files [PATH…]]';

/** Generated, recorded or installed files. */
const SKIPPED = [
  '**/{node_modules,dist,lib,.portable,.turbo,.agora,.git}/**',
  'bindings/src/**',
  '*/api/*.api.md',
  'tests/conformance/recordings/**',
];
/** The list of words itself, and its test. */
const OWN = /^scripts\/src\/words\/(word-list|words\.test)\.ts$/;

/** Counts every source file and document of the repository, or those under the given paths. */
function countFiles(under: readonly string[]): FileCount[] {
  const folders = under.map(path => relative(ROOT, resolve(path)).replaceAll('\\', '/'));
  return globSync('**/*.{ts,tsx,js,mjs,md}', { cwd: ROOT, exclude: SKIPPED })
    .map(path => path.replaceAll('\\', '/'))
    .filter(path => !OWN.test(path))
    .filter(path => folders.length === 0 || folders.some(f => f === '' || path === f || path.startsWith(`${f}/`)))
    .sort()
    .map(path => countFile(path, readFileSync(join(ROOT, path), 'utf8')));
}

function main(args: string[]): Promise<void> {
  const { values, positionals } = parseFlags(
    { args, options: { files: { type: 'boolean', default: false } }, allowPositionals: true },
    USAGE,
  );
  if (positionals.length > 0 && !values.files) throw new CommandError(`Paths need --files. Usage: ${USAGE}`, 2);
  const files = countFiles(positionals);
  if (values.files) listHits(files);
  const byPackage = Map.groupBy(files, ({ path }) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : 'root'));
  const packages = [...byPackage].map(([name, counted]) => sumOf(name, counted));
  const all = sumOf('all', files);
  for (const { name, hits, words } of [...packages, all])
    console.log(
      `${name.padEnd(10)} ${pad(hits)} of ${pad(words)} words: ${rateOf({ hits, words }).toFixed(1)} in 1,000`,
    );
  const above = packagesAboveLimit(packages, all).map(({ name }) => name);
  if (above.length > 0)
    throw new CommandError(
      `More than ${MAX_RATE} avoided word in 1,000: ${above.join(', ')}. "pnpm words --files PATH" lists them; the words are in scripts/src/words/word-list.ts.`,
    );
  return Promise.resolve();
}

function listHits(files: readonly FileCount[]): void {
  const worst = files.filter(({ hits }) => hits.length > 0).sort((a, b) => b.hits.length - a.hits.length);
  for (const { path, hits, words } of worst) {
    console.log(`${path}: ${hits.length} of ${words} words`);
    for (const { line, word, use } of hits) console.log(`  ${path}:${line}  ${word}  → ${use}`);
  }
}

function pad(count: number): string {
  return String(count).padStart(6);
}

if (import.meta.main) await runCommand(main);
