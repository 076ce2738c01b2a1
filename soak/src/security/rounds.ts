// The whole run: processes that are attacked, one after the other. A process that ends by itself was crashed, and one that
// does not end hangs.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const PROCESS = fileURLToPath(new URL('attacker-process.ts', import.meta.url));
/** A process gets this long for its start, and for each combination. */
const START_MS = 60_000;
const COMBINATION_MS = 20;
const LOOP_MS = 2_000;

const Result = z.object({ combinations: z.number(), faults: z.array(z.string()) });

/** The size and the seed of a run. */
export interface SecurityOptions {
  /** Combinations and loops of one process. */
  readonly combinations: number;
  readonly loops: number;
  readonly seed: number;
  /** Starts no further process after this time; without it there is one. */
  readonly minutes?: number;
  /** Receives the progress. */
  readonly note: (line: string) => void;
}

/** The result of a run. */
export interface SecurityReport {
  readonly combinations: number;
  readonly escapes: number;
  readonly hangs: number;
  readonly crashes: number;
  readonly faults: readonly string[];
}

/** Runs the attack until the time is over or something was found. */
export async function runSecurity(options: SecurityOptions): Promise<SecurityReport> {
  const { combinations: size, loops, seed, minutes = 0, note } = options;
  const endsAt = performance.now() + minutes * 60_000;
  let combinations = 0;
  let [escapes, hangs, crashes] = [0, 0, 0];
  const faults: string[] = [];
  for (let round = 0; ; round++) {
    const ended = await attackOnce(size, loops, seed + round);
    if (ended.kind === 'done') combinations += ended.result.combinations;
    if (ended.kind === 'done') escapes += ended.result.faults.length;
    if (ended.kind === 'hung') hangs++;
    if (ended.kind === 'crashed') crashes++;
    faults.push(
      ...(ended.kind === 'done' ? ended.result.faults : [`seed ${seed + round} ${ended.kind}: ${ended.output}`]),
    );
    note(`${combinations} combinations`);
    if (faults.length > 0 || performance.now() >= endsAt) break;
  }
  return { combinations, escapes, hangs, crashes, faults };
}

type Ended =
  | { readonly kind: 'done'; readonly result: z.infer<typeof Result> }
  | { readonly kind: 'hung' | 'crashed'; readonly output: string };

async function attackOnce(combinations: number, loops: number, seed: number): Promise<Ended> {
  const args = [PROCESS, String(combinations), String(loops), String(seed)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4000)));
  let isLate = false;
  const timer = setTimeout(
    () => {
      isLate = true;
      child.kill('SIGKILL');
    },
    START_MS + combinations * COMBINATION_MS + loops * LOOP_MS,
  );
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  if (isLate) return { kind: 'hung', output: errors };
  try {
    if (code === 0) return { kind: 'done', result: Result.parse(JSON.parse(output)) };
  } catch {
    // The process has printed something else, or nothing.
  }
  return { kind: 'crashed', output: `exit code ${code}: ${errors}${output.slice(0, 1000)}` };
}
