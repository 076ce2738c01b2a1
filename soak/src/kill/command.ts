// `pnpm soak kill --times N [--seed N]`: kills a durable host under load, again and again, and audits what is left.

import { CommandError, parseFlags } from '@agora/scripts/command';
import { runKills } from './kills.ts';

const USAGE = 'pnpm soak kill [--times N] [--seed N]';

/** Runs the command; sets the exit code 1 if anything is wrong. */
export async function killCommand(args: string[]): Promise<void> {
  const options = { times: { type: 'string', default: '200' }, seed: { type: 'string' } } as const;
  const { values } = parseFlags({ args, options }, USAGE);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber('--seed', values.seed);
  const note = (line: string): void => console.error(line);
  note(`seed ${seed}`);
  const { kills, calls, lost, half, repeated, faults } = await runKills({
    times: wholeNumber('--times', values.times),
    seed,
    note,
  });
  note(`${calls} calls were made`);
  for (const fault of faults) note(fault);
  console.log(`${kills} kills, ${lost} lost, ${half} half, ${repeated} repeated`);
  if (lost + half + repeated > 0) process.exitCode = 1;
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1)
    throw new CommandError(`${flag} wants a number from 1, not "${text}".`, 2);
  return Number(text);
}
