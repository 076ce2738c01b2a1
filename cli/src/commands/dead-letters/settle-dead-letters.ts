// Redrives or purges dead letters: the ones with given numbers, or all that match filters.

import type { AgoraClient, DeadLetter, DeadLetterFilter } from '@agora/client';
import { z } from 'zod';
import { CliError, describeError, EXIT, hasCode } from '../../base/cli-error.ts';
import { AgentNames } from '../../command/agent-names.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { confirm } from '../../command/confirm.ts';
import { filterOf, findDeadLetters, filterFlags } from './filters.ts';

/** An operation on dead letters. */
export interface DeadLetterAction {
  /** The participle, as in "12 redriven". */
  readonly done: string;
  /** The verb, as in "Redrive 12 dead letters?". */
  readonly verb: string;
  /** True if it cannot be undone: then it also needs a confirmation for given numbers. */
  readonly isFinal?: boolean;
  one(client: AgoraClient, no: bigint): Promise<void>;
  all(client: AgoraClient, filter: DeadLetterFilter): Promise<void>;
}

const number = z
  .string()
  .regex(/^\d{1,19}$/, 'a number that `agora dead list` shows')
  .transform(BigInt);

/** The arguments and flags that select dead letters. */
export const selectionInput = z.object({
  numbers: z.array(number).default([]),
  ...filterFlags,
  all: z.boolean().default(false),
  yes: z.boolean().default(false),
});
type Selection = z.output<typeof selectionInput>;

/** Applies an action to the selected dead letters, after a confirmation if they are selected by filters. */
export async function settleDeadLetters(
  context: CommandContext,
  action: DeadLetterAction,
  { numbers, all, yes, ...filters }: Selection,
): Promise<void> {
  const isFiltered = Object.values(filters).some(value => value !== undefined);
  if (numbers.length > 0 && (all || isFiltered)) {
    throw new CliError('cli/usage', 'Give either numbers, or filters or --all.', EXIT.usage);
  }
  if (numbers.length === 0 && !all && !isFiltered) {
    throw new CliError('cli/usage', 'Give numbers of `agora dead list`, filters, or --all.', EXIT.usage);
  }
  const client = await context.connect();
  if (numbers.length > 0) {
    if (action.isFinal) await confirm(context, questionOf(action, numbers.length), yes);
    await settleEach(context, client, action, numbers);
  } else await settleAll(context, client, action, { filters, yes });
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
      const { code, message, exit: exitOfThrown } = describeError(thrown);
      // Without a connection the remaining calls would fail, too.
      if (code.startsWith('connection/')) throw thrown;
      refused++;
      exit = exitOfThrown;
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
  { filters, yes }: { readonly filters: Omit<Selection, 'numbers' | 'all' | 'yes'>; readonly yes: boolean },
): Promise<void> {
  const { output } = context;
  const filter = await filterOf(await AgentNames.read(client), filters);
  let found = 0;
  for await (const _ of findDeadLetters(client, filter)) found++;
  if (found === 0) {
    output.note('No dead letters match.');
    return output.data({ found: 0, done: action.done }, () => `0 ${action.done}`);
  }
  await confirm(context, questionOf(action, found), yes);
  try {
    await action.all(client, filter);
  } catch (thrown) {
    // A caller who is not an operator may settle their own dead letters, one a call.
    if (!hasCode(thrown, 'operator/required')) throw thrown;
    return settleEach(context, client, action, numbersOf(findDeadLetters(client, filter)));
  }
  await output.data({ found, done: action.done }, () => `${lettersOf(found)} ${action.done}`);
}

function questionOf({ verb }: DeadLetterAction, count: number): string {
  return `${verb} ${lettersOf(count)}?`;
}

function lettersOf(count: number): string {
  return count === 1 ? 'a dead letter' : `${count} dead letters`;
}

async function* numbersOf(letters: AsyncIterable<DeadLetter>): AsyncGenerator<bigint, void> {
  for await (const { no } of letters) yield no;
}
