import { describe, expect, test } from 'vitest';
import type { CommandDefinition, CommandTable } from '../command/command.ts';
import { suggest } from './suggest.ts';

const load: CommandDefinition['load'] = () => Promise.reject(new Error('completion runs no command'));
const table: CommandTable = {
  groups: { workflow: 'about workflows' },
  globals: [
    { flag: '--server <url>', summary: '' },
    { flag: '--as <agent>', summary: '', suggests: 'agents' },
    { flag: '--json', summary: '' },
  ],
  commands: [
    {
      name: 'send',
      summary: 'says it',
      arguments: [
        { name: 'to', summary: '', suggests: 'agents' },
        { name: 'text', summary: '' },
      ],
      flags: [{ flag: '-p, --priority <level>', summary: 'how urgent', suggests: ['low', 'high'] }],
      load,
    },
    {
      name: 'workflow start',
      summary: 'starts it',
      arguments: [{ name: 'file', summary: '', suggests: 'files' }],
      load,
    },
    {
      name: 'workflow show',
      summary: 'shows it',
      arguments: [{ name: 'id', summary: '', suggests: 'workflows', isList: true }],
      load,
    },
    { name: '__hidden', summary: '', isHidden: true, load },
  ],
};

/** The completions of a line, split at spaces; the last word is the one being typed. */
function suggested(line: string): string | string[] {
  const { words, lookUp } = suggest(table, line.split(' '));
  return lookUp ?? words.map(([word]) => word);
}

describe('completion', () => {
  test.each<[string, string | string[]]>([
    ['', ['send', 'workflow']],
    ['s', ['send']],
    ['workflow ', ['start', 'show']],
    ['workflow sh', ['show']],
    ['workflow nothing ', []],
    ['send ', 'agents'],
    ['send Bob ', []],
    ['send --', ['--priority', '--server', '--as', '--json', '--help']],
    ['send --priority ', ['low', 'high']],
    ['send -p h', ['high']],
    ['send --priority high ', 'agents'],
    ['--server http://x send ', 'agents'],
    ['--as ', 'agents'],
    ['--json workflow start ', 'files'],
    ['workflow show one ', 'workflows'],
    ['send Bob -- ', 'files'],
  ])('after "%s": %j', (line, expected) => {
    expect(suggested(line)).toEqual(expected);
  });
});
