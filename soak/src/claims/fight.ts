// Two processes fight for one file; one of them is killed at random, and replaced. Each write has the number of its claim.
//
// - No line is lost: each one that a process has reported is in the file.
// - Numbers grow from line to line.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startHub } from '@agora/hub';
import { createRandom } from '../kill/random.ts';

const WRITER = fileURLToPath(new URL('writer-process.ts', import.meta.url));
/** Short, so that the claim of a killed process is free soon. */
const LEASE_MS = 2_000;
/** One writer is killed after this many writes of both, on average. */
const WRITES_PER_KILL = 25;

/** Options of a fight. */
export interface FightOptions {
  /** Number of writes in all. */
  readonly writes: number;
  readonly seed: number;
  readonly note: (line: string) => void;
}

/** Result of a fight. */
export interface FightReport {
  readonly writes: number;
  readonly kills: number;
  readonly faults: readonly string[];
}

/** Runs a fight until the file has this many lines. */
export async function fightForFile({ writes, seed, note }: FightOptions): Promise<FightReport> {
  const folder = await mkdtemp(join(tmpdir(), 'agora-fight-'));
  const file = join(folder, 'file');
  await writeFile(file, '');
  const hub = await startHub();
  const random = createRandom(seed);
  const reported: string[] = [];
  let kills = 0;
  let names = 0;
  const running = new Set<ChildProcess>();
  const faults: string[] = [];
  const end = Promise.withResolvers<void>();
  const start = () => {
    const name = `Writer${++names}`;
    const words = [WRITER, hub.url, hub.database, name, file, String(LEASE_MS)];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    running.add(child);
    let isKilled = false;
    createInterface(child.stdout).on('line', line => {
      reported.push(line);
      if (reported.length % 100 === 0) note(`${reported.length} of ${writes} writes, ${kills} kills`);
      if (reported.length >= writes) return end.resolve();
      // At any moment from now on: before, in or after the next write of one of both.
      if (random() < 1 / WRITES_PER_KILL && !isKilled) {
        isKilled = true;
        setTimeout(() => child.kill('SIGKILL'), random() * 5);
      }
    });
    child.on('close', () => {
      running.delete(child);
      if (isKilled) kills++;
      else if (reported.length < writes) faults.push(`${name} ended by itself`);
      if (reported.length < writes) start();
    });
  };
  try {
    start();
    start();
    await end.promise;
    await Promise.all(
      [...running].map(async child => {
        const closed = once(child, 'close');
        child.kill('SIGKILL');
        await closed;
      }),
    );
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const present = new Set(lines);
    for (const line of reported) if (!present.has(line)) faults.push(`the write "${line}" is lost`);
    const numbers = lines.map(line => Number.parseInt(line, 10));
    numbers.forEach((number, at) => {
      const before = numbers[at - 1];
      if (before !== undefined && number <= before) faults.push(`number ${number} follows ${before}`);
    });
    return { writes: reported.length, kills, faults };
  } finally {
    for (const child of running) child.kill('SIGKILL');
    await hub.close();
    await rm(folder, { recursive: true, force: true });
  }
}
