// The commands about workflows.

import type { Argument, CommandDefinition, Flag } from '../../command/command.ts';

const WORKFLOW: Argument = { name: 'workflow', summary: 'its id', suggests: 'workflows' };
const STEP: Argument = { name: 'step', summary: 'the name of the step' };

const WAITING: readonly Flag[] = [
  { flag: '--wait', summary: 'wait for its end; the exit code tells it: 0 succeeded, 1 failed or cancelled' },
  { flag: '--watch', summary: 'wait, and draw it as it runs' },
  { flag: '--timeout <time>', summary: 'how long to wait: 30s, 5m, 2h (1d)' },
];

export const WORKFLOW_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'workflow start',
    summary: 'Starts a workflow that is written as YAML or JSON.',
    arguments: [{ name: 'file', summary: 'the definition; - reads standard input', suggests: 'files' }],
    flags: [
      ...WAITING,
      {
        flag: '--metadata <key=value...>',
        summary: 'adds to the metadata of the definition; the value is JSON or text',
      },
    ],
    examples: [
      'agora workflow start release.yaml --watch',
      'agora workflow start - --wait --timeout 10m < release.yaml',
    ],
    load: () => import('./start.ts'),
  },
  {
    name: 'workflow list',
    summary: 'Lists workflows, newest first: what the events of the hub tell of them.',
    flags: [
      { flag: '--since <time>', summary: 'started at most so long ago', default: '1d' },
      {
        flag: '--status <status>',
        summary: 'only these: running, paused, succeeded, failed, cancelled',
        suggests: ['running', 'paused', 'succeeded', 'failed', 'cancelled'],
      },
      { flag: '--limit <count>', summary: 'at most so many', default: '50' },
    ],
    examples: ['agora workflow list --status running', 'agora workflow list --since 7d --json'],
    load: () => import('./list.ts'),
  },
  {
    name: 'workflow show',
    summary: 'Shows a workflow and its steps: how they stand, who has them, how long they took.',
    arguments: [WORKFLOW],
    flags: [
      { flag: '--outputs', summary: 'with what each step returned' },
      { flag: '--graph', summary: 'as a drawing' },
    ],
    load: () => import('./show.ts'),
  },
  {
    name: 'workflow watch',
    summary: 'Draws a workflow as it runs, until it ends; on a pipe, one line a change.',
    arguments: [WORKFLOW],
    flags: [{ flag: '--timeout <time>', summary: 'how long to watch: 30s, 5m, 2h (1d)' }],
    examples: ['agora workflow watch 0199…', 'agora workflow watch 0199… --json'],
    load: () => import('./watch.ts'),
  },
  {
    name: 'workflow why',
    summary: 'Tells what each step that has not ended waits for, and whom.',
    arguments: [WORKFLOW],
    load: () => import('./why.ts'),
  },
  {
    name: 'workflow pause',
    summary: 'Gives out no more steps; what runs goes on.',
    arguments: [WORKFLOW],
    load: async () => ({ default: (await import('./control.ts')).pause }),
  },
  {
    name: 'workflow resume',
    summary: 'Goes on with a workflow that was paused.',
    arguments: [WORKFLOW],
    load: async () => ({ default: (await import('./control.ts')).resume }),
  },
  {
    name: 'workflow cancel',
    summary: 'Calls a workflow off, and all that is being done of it.',
    arguments: [WORKFLOW],
    flags: [{ flag: '--reason <text>', summary: 'why', default: 'cancelled' }],
    load: async () => ({ default: (await import('./control.ts')).cancel }),
  },
  {
    name: 'workflow retry',
    summary: 'Does a step again that did not end well, with all that depends on it.',
    arguments: [WORKFLOW, STEP],
    load: async () => ({ default: (await import('./control.ts')).retry }),
  },
  {
    name: 'workflow approve',
    summary: 'Says yes to a step that waits for your approval.',
    arguments: [WORKFLOW, STEP],
    flags: [{ flag: '--comment <text>', summary: 'what to say to it' }],
    load: async () => ({ default: (await import('./control.ts')).approve }),
  },
  {
    name: 'workflow reject',
    summary: 'Says no to it, which fails the step.',
    arguments: [WORKFLOW, STEP],
    flags: [{ flag: '--comment <text>', summary: 'why' }],
    load: async () => ({ default: (await import('./control.ts')).reject }),
  },
  {
    name: 'workflow fork',
    summary: 'Runs a workflow that has ended once more from a step on, under a new id.',
    arguments: [WORKFLOW, STEP],
    flags: WAITING,
    load: () => import('./fork.ts'),
  },
];
