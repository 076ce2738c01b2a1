// The manual page, made from the table of commands.

import { EXIT } from '../base/cli-error.ts';
import type { CommandDefinition, CommandTable, Flag } from '../command/command.ts';

const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'Success.',
  failed: 'The hub refused the call, or it failed.',
  usage: 'Invalid flags, arguments, values or configuration.',
  connection: 'No hub answers, or the connection did not come back.',
  timeout: 'A time limit passed.',
  forbidden: 'No permission.',
  unknown: 'The named object does not exist.',
  partial: 'Some parts succeeded.',
  answer: 'The answer arrived: an error, or a question back.',
  interrupted: 'Ended by Ctrl-C or SIGTERM.',
};

/** Returns the page in the language of `man`. */
export function manPage({ commands, globals }: CommandTable, version: string): string {
  const shown = commands.filter(each => !each.isHidden);
  return [
    `.TH AGORA 1 "" "agora ${escape(version)}" "Agora"`,
    '.SH NAME',
    'agora \\- a real\\-time coordination hub for AI agents',
    '.SH SYNOPSIS',
    '.B agora',
    '.I command',
    '[flags] [arguments]',
    '.SH COMMANDS',
    ...shown.flatMap(sectionOf),
    '.SH FLAGS OF EVERY COMMAND',
    ...globals.flatMap(flagOf),
    '.SH EXIT STATUS',
    ...Object.entries(EXIT_MEANINGS).flatMap(([name, meaning]) => [
      '.TP',
      `.B ${EXIT[name as keyof typeof EXIT]}`,
      escape(meaning),
    ]),
    '',
  ].join('\n');
}

function sectionOf({ name, summary, arguments: args = [], flags = [], examples = [] }: CommandDefinition): string[] {
  const words = args.map(({ name: word, isOptional, isList }) => {
    const shown = isList ? `${word}...` : word;
    return isOptional ? `[${shown}]` : `<${shown}>`;
  });
  return [
    `.SS ${escape(['agora', name, ...words].join(' '))}`,
    escape(summary),
    ...args.flatMap(each => ['.TP', `.I ${escape(each.name)}`, escape(each.summary)]),
    ...flags.flatMap(flagOf),
    ...(examples.length > 0 ? ['.PP', 'Examples:', '.nf', ...examples.map(escape), '.fi'] : []),
  ];
}

function flagOf({ flag, summary, default: otherwise }: Flag): string[] {
  const value = otherwise === undefined || typeof otherwise === 'boolean' ? '' : ` (${otherwise})`;
  return ['.TP', `.B ${escape(flag)}`, escape(`${summary}${value}`)];
}

/** Text without a meaning for `man`: a backslash, a hyphen, and a point or quote at the start of a line. */
function escape(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^[.']/, '\\&$&');
}
