// `pnpm soak <name> [flags]`: runs one long test. The last line is the result; progress goes to standard error.

import { parseArgs } from 'node:util';
import { runAttack } from './attack/attack.ts';
import { fightForFile } from './claims/fight.ts';
import { runFuzz } from './fuzz/run.ts';
import { runKills } from './kill/kills.ts';
import { runSecurity } from './security/rounds.ts';

const USAGE = `pnpm soak kill [--times N] [--seed N]      kills a durable host under load, many times, and audits its data
pnpm soak fuzz [--inputs N] [--seed N]     sends random and broken input to every parser of the host
pnpm soak security [--minutes N] [--seed N] runs a module that tries to leave its realm, and to stop or end the host
pnpm soak attack [--seconds N]             attacks a hub with a small heap while an honest client uses it
pnpm soak claims [--times N] [--seed N]    two processes fight for one file, and one of them is killed, many times`;

/** Receives lines of progress. */
type Note = (line: string) => void;

/** A soak: the flag that bounds it with its default, and its run, which returns the last line and the number of faults. */
interface Soak {
  readonly flag: 'times' | 'inputs' | 'minutes' | 'seconds';
  readonly amount: number;
  run(amount: number, seed: number, note: Note): Promise<{ readonly line: string; readonly faults: readonly string[] }>;
}

const SOAKS: Readonly<Record<string, Soak>> = {
  kill: {
    flag: 'times',
    amount: 200,
    async run(times, seed, note) {
      const { kills, calls, lost, half, repeated, faults } = await runKills({ times, seed, note });
      note(`${calls} calls were made`);
      return { line: `${kills} kills, ${lost} lost, ${half} half, ${repeated} repeated`, faults };
    },
  },
  claims: {
    flag: 'times',
    amount: 1_000,
    async run(writes, seed, note) {
      const report = await fightForFile({ writes, seed, note });
      return {
        line: `${report.writes} writes, ${report.kills} kills, ${report.faults.length} faults`,
        faults: report.faults,
      };
    },
  },
  fuzz: {
    flag: 'inputs',
    amount: 1_000_000,
    async run(amount, seed, note) {
      const { inputs, refused, answered, faults, grownBytes } = await runFuzz({ inputs: amount, seed, note });
      const grown = (grownBytes / 1024 / 1024).toFixed(1);
      const counts = `${answered} answered, ${refused} refused, ${faults.length} faults`;
      return { line: `${inputs} inputs, ${counts}, ${grown} MiB grown`, faults };
    },
  },
  security: {
    flag: 'minutes',
    amount: 5,
    async run(minutes, seed, note) {
      const size = { combinations: 50_000, loops: 100 };
      const { combinations, escapes, hangs, crashes, faults } = await runSecurity({ ...size, seed, minutes, note });
      const counts = `${escapes} escapes, ${hangs} hangs, ${crashes} crashes`;
      return { line: `${combinations} combinations, ${counts}`, faults };
    },
  },
  attack: {
    flag: 'seconds',
    amount: 60,
    async run(seconds, _seed, note) {
      const { sent, lost, p50Ms, p99Ms, maxRssMib, faults } = await runAttack({ seconds, agents: 550, note });
      return { line: `${sent} sent, ${lost} lost, p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${maxRssMib} MiB`, faults };
    },
  },
};

/** Runs one command line and returns its exit code: 2 for wrong flags, 1 for faults. */
async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const soak = Object.hasOwn(SOAKS, name) ? SOAKS[name] : undefined;
  if (!soak) return badFlags(`There is no soak "${name}"; there are: ${Object.keys(SOAKS).join(', ')}.`);
  let amount: number;
  let seed: number;
  try {
    const options = Object.fromEntries([soak.flag, 'seed'].map(flag => [flag, { type: 'string' } as const]));
    const { values } = parseArgs({ args: [...args], options });
    amount = wholeNumber(soak.flag, values[soak.flag]) ?? soak.amount;
    seed = wholeNumber('seed', values.seed) ?? Math.floor(Math.random() * 2 ** 31);
  } catch (error) {
    return badFlags(error instanceof Error ? error.message : String(error));
  }
  const note: Note = line => console.error(line);
  note(`seed ${seed}`);
  const { line, faults } = await soak.run(amount, seed, note);
  for (const fault of faults) note(fault);
  console.log(line);
  return faults.length === 0 ? 0 : 1;
}

function badFlags(sentence: string): number {
  console.error(`${sentence}\n\n${USAGE}`);
  return 2;
}

function wholeNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) throw new Error(`--${flag} needs a number from 1, not "${text}".`);
  return Number(text);
}

process.exitCode = await main(process.argv.slice(2));
