// What the commands of this folder share: flags, and how a command ends that cannot go on.

import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A sentence for the person who ran the command, and the code it exits with: 2 for wrong flags, 1 for all else. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: 1 | 2;

  constructor(sentence: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(sentence, options);
    this.exitCode = exitCode;
  }
}

/** Reads flags; an unknown or incomplete one becomes a `CommandError` that repeats the usage. */
export function parseFlags<const Config extends ParseArgsConfig>(config: Config, usage: string) {
  try {
    return parseArgs(config);
  } catch (thrown) {
    const [reason] = (thrown as Error).message.split(/\. |\n/); // parseArgs throws errors only
    throw new CommandError(`${reason ?? ''}. Usage: ${usage}`, 2, { cause: thrown });
  }
}

/** Runs a command as the whole of a process: a `CommandError` becomes one line and its exit code, a bug keeps its trace. */
export async function runCommand(command: (args: string[]) => Promise<void>): Promise<void> {
  try {
    await command(process.argv.slice(2));
  } catch (thrown) {
    if (!(thrown instanceof CommandError)) throw thrown;
    console.error(thrown.message);
    process.exitCode = thrown.exitCode;
  }
}
