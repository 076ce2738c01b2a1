// The kill run: builds the module, kills hosts in several lanes in parallel, and sums up the faults.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildModule } from '@agora/codegen';
import { HostProcess } from './host-process.ts';
import { Lane } from './lane.ts';
import { createRandom } from './random.ts';

/** A host uses one core; two use a small machine. */
const LANES = 2;
const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** Options of a run. */
export interface KillOptions {
  /** Number of kills in all. */
  readonly times: number;
  readonly seed: number;
  /** Receives lines of progress. */
  readonly note: (line: string) => void;
}

/** Result of a run. */
export interface KillReport {
  readonly kills: number;
  /** Number of calls in all. */
  readonly calls: number;
  readonly lost: number;
  readonly half: number;
  readonly repeated: number;
  /** One sentence for each fault. */
  readonly faults: readonly string[];
}

/** Fills the compile cache: only a host that stops in good order writes it. */
async function warmUp(dataDir: string, cacheDir: string): Promise<void> {
  const host = new HostProcess(dataDir, cacheDir);
  await host.url;
  await host.stop();
}

/** Builds the module into a folder; returns a function that makes the bundle of a version. */
export async function buildSoakModule(folder: string): Promise<(version: string) => string> {
  const built = await buildModule(FOLDER, { entry: 'module.ts', out: join(folder, 'bundle.js') });
  const source = (await readFile(built, 'utf8')).replace(/\n\/\/# (sourceMappingURL|debugId)=.*/g, '');
  return version => source.replace('@VERSION@', version);
}

/** Kills a durable host `times` times. Throws if a host does not start again, or refuses a valid call. */
export async function runKills({ times, seed, note }: KillOptions): Promise<KillReport> {
  const root = await mkdtemp(join(tmpdir(), 'agora-soak-'));
  try {
    const bundle = await buildSoakModule(root);
    const cacheDir = join(root, 'cache');
    await warmUp(join(root, 'warm'), cacheDir);
    let kills = 0;
    const takeKill = (): boolean => {
      if (kills >= times) return false;
      kills++;
      if (kills % 50 === 0) note(`${kills} of ${times} kills`);
      return true;
    };
    const lanes = Array.from({ length: Math.min(LANES, times) }, (_, at) => {
      const name = String.fromCharCode(0x61 + at);
      const dataDir = join(root, name);
      return new Lane({
        name,
        dataDir,
        cacheDir,
        random: createRandom(seed + at),
        bundle,
        takeKill,
      });
    });
    await Promise.all(lanes.map(lane => lane.run()));
    const faults = lanes.map(lane => lane.faults);
    const lost = faults.flatMap(each => each.lost);
    const half = faults.flatMap(each => each.half);
    const repeated = faults.flatMap(each => each.repeated);
    return {
      kills,
      calls: lanes.reduce((sum, lane) => sum + lane.calls, 0),
      lost: lost.length,
      half: half.length,
      repeated: repeated.length,
      faults: [...lost, ...half, ...repeated],
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
