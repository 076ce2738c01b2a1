// Commands: the definition is light data for parsing, help and completion; the code is loaded when the command runs.

import type { ZodType } from 'zod';
import type { CommandContext } from './command-context.ts';

/** An argument of a command. */
export interface Argument {
  readonly name: string;
  readonly summary: string;
  readonly isOptional?: boolean;
  /** Takes all remaining arguments. */
  readonly isList?: boolean;
  readonly suggests?: Suggestion;
}

/** A flag of a command, in the notation of commander: `--priority <level>`, `--watch`. */
export interface Flag {
  readonly flag: string;
  readonly summary: string;
  readonly default?: string | boolean;
  /** May be repeated; the values arrive as a list. */
  readonly repeats?: boolean;
  readonly suggests?: Suggestion;
}

/** Values for completion: fixed words, or a kind of name to look up. */
export type Suggestion = readonly string[] | 'agents' | 'workflows' | 'files';

/** The definition of a command. Imports nothing of the client, so that help starts fast. */
export interface CommandDefinition {
  /** `send`, or `workflow start`. */
  readonly name: string;
  readonly summary: string;
  /** For programs: hidden from help and completion. */
  readonly isHidden?: boolean;
  /** Always exits with 0 and prints no error: its caller takes an exit code for a decision. */
  readonly isSilent?: boolean;
  readonly arguments?: readonly Argument[];
  readonly flags?: readonly Flag[];
  /** The words after `--` are the input `program`, and no arguments. */
  readonly takesProgram?: boolean;
  /** Command lines that a reader can copy. */
  readonly examples?: readonly string[];
  readonly load: () => Promise<{ readonly default: Command }>;
}

/** All commands, the groups of two-word commands, and the global flags. */
export interface CommandTable {
  readonly commands: readonly CommandDefinition[];
  /** What the commands of a group do, by their first word. */
  readonly groups: Readonly<Record<string, string>>;
  readonly globals: readonly Flag[];
}

/** The code of a command. */
export interface Command {
  /**
   * Runs with the given arguments and flags, by their names in camelCase. `argumentNames` names the arguments, for error
   * sentences. Throws `cli/usage` for invalid values.
   */
  readonly start: (
    context: CommandContext,
    given: Readonly<Record<string, unknown>>,
    argumentNames?: readonly string[],
  ) => Promise<void>;
}

/** Makes a command from the schema of its input (arguments and flags by their names in camelCase) and its code. */
export function defineCommand<Input>(command: {
  readonly input: ZodType<Input>;
  readonly run: (context: CommandContext, input: Input) => Promise<void>;
}): Command {
  return {
    async start(context, given, argumentNames = []) {
      const parsed = command.input.safeParse(given);
      if (!parsed.success) {
        const { usageError } = await import('../base/flag-schemas.ts');
        throw usageError(parsed.error, argumentNames);
      }
      await command.run(context, parsed.data);
    },
  };
}
