// Completes a command line with the table of commands.

import type { Argument, CommandDefinition, CommandTable, Flag, Suggestion } from '../command/command.ts';

/** The possible completions at the cursor. */
export interface Suggestions {
  /** Fixed words, each with its meaning. */
  readonly words: readonly (readonly [word: string, summary: string])[];
  /** Names to look up. */
  readonly lookUp: Exclude<Suggestion, readonly string[]> | undefined;
}

const NOTHING: Suggestions = { words: [], lookUp: undefined };

/** Completes the last word of `typed`, the words after `agora`. */
export function suggest(table: CommandTable, typed: readonly string[]): Suggestions {
  const current = typed.at(-1) ?? '';
  const before = typed.slice(0, -1);
  const end = before.indexOf('--');
  if (end >= 0) return { words: [], lookUp: 'files' };
  const { definition, path, positions, openFlag } = parseWords(table, before);
  if (openFlag) return fromSuggestion(openFlag.suggests, current);
  if (current.startsWith('-')) return words(flagsOf(table, definition), current);
  const further = definition && positions > 0 ? [] : commandsAfter(table, path);
  if (!definition || further.length > 0) return words(further, current);
  return fromSuggestion(argumentAt(definition, positions)?.suggests, current);
}

interface ParsedWords {
  readonly definition: CommandDefinition | undefined;
  /** The words that name the command. */
  readonly path: readonly string[];
  /** The number of arguments so far. */
  readonly positions: number;
  /** A flag whose value is the next word. */
  readonly openFlag: Flag | undefined;
}

function parseWords(table: CommandTable, before: readonly string[]): ParsedWords {
  let definition: CommandDefinition | undefined;
  let path: string[] = [];
  let positions = 0;
  let openFlag: Flag | undefined;
  for (const word of before) {
    if (openFlag) {
      openFlag = undefined;
    } else if (word.startsWith('-')) {
      const flag = [...(definition?.flags ?? []), ...table.globals].find(each => namesOf(each).includes(word));
      if (flag && takesValue(flag)) openFlag = flag;
    } else {
      const name = [...path, word].join(' ');
      const named = table.commands.find(each => each.name === name);
      if (definition && !named) positions++;
      else [path, definition] = [[...path, word], named];
    }
  }
  return { definition, path, positions, openFlag };
}

function commandsAfter({ commands, groups }: CommandTable, path: readonly string[]): [string, string][] {
  const [group] = path;
  if (group !== undefined) {
    const prefix = `${group} `;
    return commands
      .filter(({ name }) => path.length === 1 && name.startsWith(prefix))
      .map(({ name, summary }) => [name.slice(prefix.length), summary]);
  }
  const singles = commands.filter(({ name, isHidden }) => !name.includes(' ') && !isHidden);
  return [...singles.map(({ name, summary }): [string, string] => [name, summary]), ...Object.entries(groups)];
}

function flagsOf({ globals }: CommandTable, definition: CommandDefinition | undefined): [string, string][] {
  const flags = [...(definition?.flags ?? []), ...globals, { flag: '--help', summary: 'show the help' }];
  return flags.map(flag => [namesOf(flag).at(-1) ?? '', flag.summary]);
}

function argumentAt(definition: CommandDefinition, position: number): Argument | undefined {
  const last = definition.arguments?.at(-1);
  return definition.arguments?.[position] ?? (last?.isList ? last : undefined);
}

function fromSuggestion(suggestion: Suggestion | undefined, current: string): Suggestions {
  if (suggestion === undefined) return NOTHING;
  if (typeof suggestion === 'string') return { words: [], lookUp: suggestion };
  return words(
    suggestion.map(word => [word, '']),
    current,
  );
}

function words(all: readonly [string, string][], current: string): Suggestions {
  return { words: all.filter(([word]) => word.startsWith(current)), lookUp: undefined };
}

/** The names of a flag: `-c, --capability <name>` has two. */
function namesOf({ flag }: Flag): string[] {
  return flag.split(/[ ,|]+/).filter(word => word.startsWith('-'));
}

function takesValue({ flag }: Flag): boolean {
  return /[<[]/.test(flag);
}
