// How long the command line takes to its first word, beside what Node.js takes to do nothing:
// `node scripts/src/start-up.ts [FILE]`, where FILE is a bundled `agora` in place of the sources.

import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUNS = 21;
const MAIN = process.argv[2] ?? fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
/** As `npm run agora` sets it. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'agora-start-up') };

function run(words: readonly string[]): number {
  const begun = performance.now();
  const { status } = spawnSync(process.execPath, words, { stdio: 'ignore', env });
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${String(status)}`);
  return performance.now() - begun;
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

const nothing: number[] = [];
const help: number[] = [];
run([MAIN, '--help']); // fills the cache
// In turns, so that whatever else the machine does is shared.
for (let at = 0; at < RUNS; at++) {
  nothing.push(run(['-e', '0']));
  help.push(run([MAIN, '--help']));
}
const [one, other] = [median(nothing), median(help)];
console.log(
  `node -e 0: ${one.toFixed(0)} ms; agora --help: ${other.toFixed(0)} ms (${(other / one).toFixed(1)} times)`,
);
console.log(`fastest: ${Math.min(...nothing).toFixed(0)} ms and ${Math.min(...help).toFixed(0)} ms`);
