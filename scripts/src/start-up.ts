// Start-up time of the command line, compared with an empty Node.js program: `node scripts/src/start-up.ts [FILE]`, where FILE
// is a bundled `agora` in place of the sources.

import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUNS = 21;
const MAIN = process.argv[2] ?? fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
/** The same compile cache as `npm run agora`. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'agora-start-up') };

function run(args: readonly string[]): number {
  const startedAt = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore', env });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${String(status)}`);
  return performance.now() - startedAt;
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

const empty: number[] = [];
const help: number[] = [];
run([MAIN, '--help']); // fills the cache
// In turns, so that other load on the machine affects both alike.
for (let at = 0; at < RUNS; at++) {
  empty.push(run(['-e', '0']));
  help.push(run([MAIN, '--help']));
}
const [one, other] = [median(empty), median(help)];
console.log(
  `node -e 0: ${one.toFixed(0)} ms; agora --help: ${other.toFixed(0)} ms (${(other / one).toFixed(1)} times)`,
);
console.log(`fastest: ${Math.min(...empty).toFixed(0)} ms and ${Math.min(...help).toFixed(0)} ms`);
