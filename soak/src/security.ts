// `pnpm soak security --minutes N [--seed N]`: a module that tries to leave its realm, and to stop or end the host.

import { CommandError, parseFlags } from '@agora/scripts/command';
import { runSecurity } from './security/rounds.ts';

const USAGE = 'pnpm soak security [--minutes N] [--seed N]';
/** The size of one process; each gets another seed. */
const ROUND = { combinations: 50_000, loops: 100 } as const;

/** Runs the command; sets the exit code 1 if anything is wrong. */
export async function main(args: string[]): Promise<void> {
  const options = { minutes: { type: 'string', default: '5' }, seed: { type: 'string' } } as const;
  const { values } = parseFlags({ args, options }, USAGE);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber('--seed', values.seed);
  const note = (line: string): void => console.error(line);
  note(`seed ${seed}`);
  const minutes = wholeNumber('--minutes', values.minutes);
  const { combinations, escapes, hangs, crashes, faults } = await runSecurity({ ...ROUND, seed, minutes, note });
  for (const fault of faults) note(fault);
  console.log(`${combinations} combinations, ${escapes} escapes, ${hangs} hangs, ${crashes} crashes`);
  if (faults.length > 0) process.exitCode = 1;
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
    throw new CommandError(`${flag} expects a number from 1, not "${text}".`, 2);
  }
  return Number(text);
}
