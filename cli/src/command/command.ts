// What a command is: a row of data that help, completion and parsing come from, and code that is loaded when it runs.

import type { ZodType } from 'zod';
import type { Context } from './command-context.ts';

/** A word after the command. */
export interface Argument {
  readonly name: string;
  readonly summary: string;
  readonly isOptional?: boolean;
  /** Takes all words that are left. */
  readonly isList?: boolean;
  /** What it may be, for completion: fixed words, or names that the hub knows. */
  readonly suggests?: Suggestion;
}

/** A flag of a command, in commander's notation: `--priority <level>`, `--watch`. */
export interface Flag {
  readonly flag: string;
  readonly summary: string;
  readonly default?: string | boolean;
  /** May be given more than once; the values come as a list. */
  readonly repeats?: boolean;
  readonly suggests?: Suggestion;
}

/** What may stand in a place: words, or what is looked up. */
export type Suggestion = readonly string[] | 'agents' | 'workflows' | 'files';

/** A row of the table of commands. Light data: nothing of the client is loaded for it. */
export interface CommandRow {
  /** Its words: `send`, or `workflow start`. */
  readonly name: string;
  readonly summary: string;
  /** For programs: neither help nor completion shows it. */
  readonly isHidden?: boolean;
  readonly arguments?: readonly Argument[];
  readonly flags?: readonly Flag[];
  /** Lines that a reader can copy. */
  readonly examples?: readonly string[];
  readonly load: () => Promise<{ readonly default: Command }>;
}

/** The code of a command: what it takes, parsed at the door, and what it does. */
export interface Command {
  /**
   * Runs with arguments and flags as they were given, by name in camelCase; `words` names those that are arguments. Throws a
   * `CliError` for wrong ones.
   */
  readonly start: (
    context: Context,
    given: Readonly<Record<string, unknown>>,
    words?: readonly string[],
  ) => Promise<void>;
}

/** Makes a command of a schema (arguments and flags by their names in camelCase) and what is done with what it parsed. */
export function defineCommand<Input>(command: {
  readonly input: ZodType<Input>;
  readonly run: (context: Context, input: Input) => Promise<void>;
}): Command {
  return {
    async start(context, given, words = []) {
      const parsed = command.input.safeParse(given);
      if (!parsed.success) {
        const { usageError } = await import('../base/flag-schemas.ts');
        throw usageError(parsed.error, words);
      }
      await command.run(context, parsed.data);
    },
  };
}
