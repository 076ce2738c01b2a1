// A question before what cannot be taken back.

import type { Context } from './command-context.ts';
import { CliError, EXIT } from '../base/cli-error.ts';

/**
 * Asks a person at a terminal; elsewhere `--yes` has to say it. Throws `cli/unconfirmed` without it, and `cli/interrupted`
 * when the person says no.
 */
export async function confirmed(context: Context, question: string, yes: boolean): Promise<void> {
  if (yes) return;
  const { stdin, stderr } = context.world;
  if (stdin.isTTY !== true || stderr.isTTY !== true || context.output.isJson) {
    throw new CliError('cli/unconfirmed', `${question} Say so with --yes.`, EXIT.usage);
  }
  const { default: confirm } = await import('@inquirer/confirm');
  const options = { input: stdin, output: stderr, signal: context.signal };
  const answer = await confirm({ message: question, default: false }, options).catch((cause: unknown) => {
    throw new CliError('cli/interrupted', 'Interrupted; nothing was done.', EXIT.interrupted, { cause });
  });
  if (!answer) throw new CliError('cli/interrupted', 'Nothing was done.', EXIT.interrupted);
}
