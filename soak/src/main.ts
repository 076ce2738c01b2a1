// `pnpm soak <name> [flags]`: runs one of the long tests; its last line says what came out. Progress goes to standard error.

import { CommandError, runCommand } from '@agora/scripts/command';
import { main as fuzz } from './fuzz.ts';
import { killCommand } from './kill/command.ts';
import { main as security } from './security.ts';

const SOAKS: Readonly<Record<string, (args: string[]) => Promise<void>>> = { kill: killCommand, fuzz, security };

await runCommand(async ([name = '', ...args]) => {
  const soak = Object.hasOwn(SOAKS, name) ? SOAKS[name] : undefined;
  if (!soak) throw new CommandError(`There is no soak "${name}"; there are: ${Object.keys(SOAKS).join(', ')}.`, 2);
  await soak(args);
});
