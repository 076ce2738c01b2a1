// Confirmation of operations that cannot be undone.

import { CliError, EXIT } from '../base/cli-error.ts';
import type { CommandContext } from './command-context.ts';

/**
 * Asks the person at the terminal. Without a terminal, `--yes` is required, else this throws `cli/unconfirmed`. Throws
 * `cli/interrupted` if the person declines.
 */
export async function confirm(context: CommandContext, question: string, yes: boolean): Promise<void> {
  if (yes) return;
  const { stdin, stderr } = context.io;
  if (stdin.isTTY !== true || stderr.isTTY !== true || context.output.isJson) {
    throw new CliError('cli/unconfirmed', `${question} Confirm with --yes.`, EXIT.usage);
  }
  const { default: prompt } = await import('@inquirer/confirm');
  const options = { input: stdin, output: stderr, signal: context.signal };
  const answer = await prompt({ message: question, default: false }, options).catch((cause: unknown) => {
    throw new CliError('cli/interrupted', 'Interrupted; nothing was done.', EXIT.interrupted, { cause });
  });
  if (!answer) throw new CliError('cli/interrupted', 'Nothing was done.', EXIT.interrupted);
}
