// Shared by the commands of this package: flags, and the end of a command that fails.

import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A sentence for the user of a command, and its exit code: 2 for wrong flags, 1 for any other failure. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: 1 | 2;

  constructor(sentence: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(sentence, options);
    this.exitCode = exitCode;
  }
}

/** Parses flags; throws a `CommandError` with the usage for an unknown or incomplete one. */
export function parseFlags<const Config extends ParseArgsConfig>(config: Config, usage: string) {
  try {
    return parseArgs(config);
  } catch (thrown) {
    const [reason] = (thrown as Error).message.split(/\. |\n/); // parseArgs throws errors only
    throw new CommandError(`${reason ?? ''}. Usage: ${usage}`, 2, { cause: thrown });
  }
}

/** Runs a command as a whole process: a `CommandError` becomes one line and its exit code, a bug keeps its stack trace. */
export async function runCommand(command: (args: string[]) => Promise<void>): Promise<void> {
  try {
    await command(process.argv.slice(2));
  } catch (thrown) {
    if (!(thrown instanceof CommandError)) throw thrown;
    console.error(thrown.message);
    process.exitCode = thrown.exitCode;
  }
}
