// `pnpm soak fuzz --inputs N [--seed N]`: random and broken input for everything of the host that reads what others send.

import { CommandError, parseFlags } from '@agora/scripts/command';
import { runFuzz } from './fuzz/run.ts';

const USAGE = 'pnpm soak fuzz [--inputs N] [--seed N]';

/** Runs the command; sets the exit code 1 if anything is wrong. */
export async function main(args: string[]): Promise<void> {
  const options = { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string' } } as const;
  const { values } = parseFlags({ args, options }, USAGE);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber('--seed', values.seed);
  const note = (line: string): void => console.error(line);
  note(`seed ${seed}`);
  const { inputs, refused, answered, faults, grownBytes } = await runFuzz({
    inputs: wholeNumber('--inputs', values.inputs),
    seed,
    note,
  });
  for (const fault of faults) note(fault);
  const grown = (grownBytes / 1024 / 1024).toFixed(1);
  console.log(
    `${inputs} inputs, ${answered} answered, ${refused} refused, ${faults.length} faults, ${grown} MiB grown`,
  );
  if (faults.length > 0) process.exitCode = 1;
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
    throw new CommandError(`${flag} wants a number from 1, not "${text}".`, 2);
  }
  return Number(text);
}
