// What may come next on a command line, read off the table of commands.

import type { Argument, CommandRow, Flag, Suggestion } from '../command/command.ts';

/** What may stand at the cursor: words with what they mean, and whether files may. */
export interface Suggested {
  readonly words: readonly (readonly [word: string, summary: string])[];
  readonly lookUp: Exclude<Suggestion, readonly string[]> | undefined;
}

/** The table, as far as completion needs it. */
export interface Table {
  readonly commands: readonly CommandRow[];
  readonly groups: Readonly<Record<string, string>>;
  readonly globals: readonly Flag[];
}

const NOTHING: Suggested = { words: [], lookUp: undefined };

/** What may stand in place of the last of `typed`, which are the words after `agora`. */
export function suggest(table: Table, typed: readonly string[]): Suggested {
  const current = typed.at(-1) ?? '';
  const before = typed.slice(0, -1);
  const end = before.indexOf('--');
  if (end >= 0) return { words: [], lookUp: 'files' };
  const { row, path, positions, waiting } = walk(table, before);
  if (waiting) return fromSuggestion(waiting.suggests, current);
  if (current.startsWith('-')) return words(flagsOf(table, row), current);
  if (!row) return words(commandsAfter(table, path), current);
  return fromSuggestion(argumentAt(row, positions)?.suggests, current);
}

interface Walked {
  readonly row: CommandRow | undefined;
  /** The words that were read as the command's. */
  readonly path: readonly string[];
  /** How many arguments were given. */
  readonly positions: number;
  /** A flag whose value comes next. */
  readonly waiting: Flag | undefined;
}

function walk(table: Table, before: readonly string[]): Walked {
  let row: CommandRow | undefined;
  let path: string[] = [];
  let positions = 0;
  let waiting: Flag | undefined;
  for (const word of before) {
    if (waiting) {
      waiting = undefined;
    } else if (word.startsWith('-')) {
      const flag = [...(row?.flags ?? []), ...table.globals].find(each => namesOf(each).includes(word));
      if (flag && takesValue(flag)) waiting = flag;
    } else if (row) {
      positions++;
    } else {
      path = [...path, word];
      row = table.commands.find(each => each.name === path.join(' '));
    }
  }
  return { row, path, positions, waiting };
}

function commandsAfter({ commands, groups }: Table, path: readonly string[]): [string, string][] {
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

function flagsOf({ globals }: Table, row: CommandRow | undefined): [string, string][] {
  const flags = [...(row?.flags ?? []), ...globals, { flag: '--help', summary: 'what it does' }];
  return flags.map(flag => [namesOf(flag).at(-1) ?? '', flag.summary]);
}

function argumentAt(row: CommandRow, position: number): Argument | undefined {
  const last = row.arguments?.at(-1);
  return row.arguments?.[position] ?? (last?.isList ? last : undefined);
}

function fromSuggestion(suggestion: Suggestion | undefined, current: string): Suggested {
  if (suggestion === undefined) return NOTHING;
  if (typeof suggestion === 'string') return { words: [], lookUp: suggestion };
  return words(
    suggestion.map(word => [word, '']),
    current,
  );
}

function words(all: readonly [string, string][], current: string): Suggested {
  return { words: all.filter(([word]) => word.startsWith(current)), lookUp: undefined };
}

/** The names of a flag: `-c, --capability <name>` has two. */
function namesOf({ flag }: Flag): string[] {
  return flag.split(/[ ,|]+/).filter(word => word.startsWith('-'));
}

function takesValue({ flag }: Flag): boolean {
  return /[<[]/.test(flag);
}
