// `agora dead redrive` and `agora dead purge`: letters by number, or all that fit.

import type { AgoraClient, DeadLetter, DeadLetterFilter } from '@agora/client';
import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { CliError, describeError, EXIT } from '../../base/cli-error.ts';
import { confirm } from '../../command/confirm.ts';
import { filterOf, findLetters, letterFlags } from './filters.ts';
import { AgentNames } from '../../command/agent-names.ts';

interface DeadLetterAction {
  /** As in "12 redriven", and as a question begins. */
  readonly done: string;
  readonly verb: string;
  one(client: AgoraClient, no: bigint): Promise<void>;
  all(client: AgoraClient, filter: DeadLetterFilter): Promise<void>;
}

const REDRIVE: DeadLetterAction = {
  done: 'redriven',
  verb: 'Redrive',
  one: (client, no) => client.operator.redrive(no),
  all: (client, filter) => client.operator.redriveAll(filter),
};
const PURGE: DeadLetterAction = {
  done: 'purged',
  verb: 'Purge',
  one: (client, no) => client.operator.purge(no),
  all: (client, filter) => client.operator.purgeAll(filter),
};

const number = z
  .string()
  .regex(/^\d{1,19}$/, 'a number that `agora dead list` shows')
  .transform(BigInt);

const input = z.object({
  numbers: z.array(number).default([]),
  ...letterFlags,
  all: z.boolean().default(false),
  yes: z.boolean().default(false),
});
type Input = z.output<typeof input>;

/** `agora dead redrive`. */
export const redrive = defineCommand({ input, run: (context, given) => settle(context, REDRIVE, given) });
/** `agora dead purge`. */
export const purge = defineCommand({ input, run: (context, given) => settle(context, PURGE, given) });

async function settle(context: CommandContext, action: DeadLetterAction, { numbers, all, yes, ...asked }: Input): Promise<void> {
  const isFiltered = Object.values(asked).some(value => value !== undefined);
  if (numbers.length > 0 && (all || isFiltered)) {
    throw new CliError('cli/usage', 'Give either numbers, or --all or filters.', EXIT.usage);
  }
  if (numbers.length === 0 && !all && !isFiltered) {
    throw new CliError('cli/usage', `Say which: numbers of \`agora dead list\`, filters, or --all.`, EXIT.usage);
  }
  const client = await context.connect();
  if (numbers.length > 0) await settleEach(context, client, action, numbers);
  else await settleAll(context, client, action, { asked, yes });
}

async function settleEach(
  context: CommandContext,
  client: AgoraClient,
  action: DeadLetterAction,
  numbers: Iterable<bigint> | AsyncIterable<bigint>,
): Promise<void> {
  const { output } = context;
  let done = 0;
  let refused = 0;
  let exit: typeof context.exit = EXIT.ok;
  for await (const no of numbers) {
    try {
      await action.one(client, no);
      done++;
      await output.data({ no, done: action.done }, () => `${no} ${action.done}`);
    } catch (thrown) {
      const { code, message, exit: of } = describeError(thrown);
      // Without a connection the others fare no better.
      if (code.startsWith('connection/')) throw thrown;
      refused++;
      exit = of;
      await output.data(
        { no, error: { code, message } },
        () => `${no} ${output.paint('red', 'refused')}: ${message} (${code})`,
      );
    }
  }
  if (refused > 0) context.exit = done > 0 ? EXIT.partial : exit;
}

async function settleAll(
  context: CommandContext,
  client: AgoraClient,
  action: DeadLetterAction,
  { asked, yes }: { readonly asked: Omit<Input, 'numbers' | 'all' | 'yes'>; readonly yes: boolean },
): Promise<void> {
  const { output } = context;
  const filter = await filterOf(await AgentNames.read(client), asked);
  let found = 0;
  for await (const _ of findLetters(client, filter)) found++;
  if (found === 0) {
    output.note('No dead letters fit.');
    return output.data({ found: 0, done: action.done }, () => `0 ${action.done}`);
  }
  const letters = found === 1 ? 'a dead letter' : `${found} dead letters`;
  await confirm(context, `${action.verb} ${letters}?`, yes);
  try {
    await action.all(client, filter);
  } catch (thrown) {
    // Who is no operator may do it to their own, one by one.
    if (describeError(thrown).code !== 'operator/required') throw thrown;
    return settleEach(context, client, action, numbersOf(findLetters(client, filter)));
  }
  await output.data({ found, done: action.done }, () => `${letters} ${action.done}`);
}

async function* numbersOf(letters: AsyncIterable<DeadLetter>): AsyncGenerator<bigint, void> {
  for await (const { no } of letters) yield no;
}
