// Definitions of the commands about workflows.

import { WORKFLOW_STATUSES } from '@agora/module/contract';
import type { Argument, CommandDefinition, Flag } from '../../command/command.ts';

const WORKFLOW: Argument = { name: 'workflow', summary: 'id of the workflow', suggests: 'workflows' };
const STEP: Argument = { name: 'step', summary: 'name of the step' };

const WAIT_FLAGS: readonly Flag[] = [
  { flag: '--wait', summary: 'wait for the end; the exit code is 0 if it succeeded, 1 if it failed or was cancelled' },
  { flag: '--watch', summary: 'wait, and draw the workflow as it runs' },
  { flag: '--timeout <time>', summary: 'how long to wait: 30s, 5m, 2h (1d)' },
];

/** `agora workflow …`. */
export const WORKFLOW_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'workflow start',
    summary: 'Starts a workflow from a YAML or JSON definition.',
    arguments: [{ name: 'file', summary: 'the definition; - reads standard input', suggests: 'files' }],
    flags: [
      ...WAIT_FLAGS,
      {
        flag: '--metadata <key=value...>',
        summary: 'add to the metadata of the definition; the value is JSON or text',
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
    summary: 'Lists the workflows of the hub, newest first.',
    flags: [
      { flag: '--since <time>', summary: 'started at most this long ago', default: '1d' },
      {
        flag: '--status <status>',
        summary: `only with this status: ${WORKFLOW_STATUSES.join(', ')}`,
        suggests: WORKFLOW_STATUSES,
      },
      { flag: '--limit <count>', summary: 'at most this many', default: '50' },
    ],
    examples: ['agora workflow list --status running', 'agora workflow list --since 7d --json'],
    load: () => import('./list.ts'),
  },
  {
    name: 'workflow show',
    summary: 'Shows a workflow and its steps: states, agents and durations.',
    arguments: [WORKFLOW],
    flags: [
      { flag: '--outputs', summary: 'also show the output of each step' },
      { flag: '--graph', summary: 'draw the steps as a graph' },
    ],
    load: () => import('./show.ts'),
  },
  {
    name: 'workflow watch',
    summary: 'Draws a workflow as it runs, until it ends; on a pipe, prints one line per change.',
    arguments: [WORKFLOW],
    flags: [{ flag: '--timeout <time>', summary: 'how long to watch: 30s, 5m, 2h (1d)' }],
    examples: ['agora workflow watch 0199…', 'agora workflow watch 0199… --json'],
    load: () => import('./watch.ts'),
  },
  {
    name: 'workflow why',
    summary: 'Shows what each unfinished step waits for.',
    arguments: [WORKFLOW],
    load: () => import('./why.ts'),
  },
  {
    name: 'workflow pause',
    summary: 'Assigns no further steps; running steps continue.',
    arguments: [WORKFLOW],
    load: () => import('./pause.ts'),
  },
  {
    name: 'workflow resume',
    summary: 'Resumes a paused workflow.',
    arguments: [WORKFLOW],
    load: () => import('./resume.ts'),
  },
  {
    name: 'workflow cancel',
    summary: 'Cancels a workflow and its running steps.',
    arguments: [WORKFLOW],
    flags: [
      { flag: '--reason <text>', summary: 'reason of the cancellation', default: 'cancelled' },
      { flag: '--yes', summary: 'do not ask for confirmation' },
    ],
    load: () => import('./cancel.ts'),
  },
  {
    name: 'workflow retry',
    summary: 'Runs an ended step that did not succeed again, and the steps that depend on it.',
    arguments: [WORKFLOW, STEP],
    load: () => import('./retry.ts'),
  },
  {
    name: 'workflow approve',
    summary: 'Approves a step that waits for your approval.',
    arguments: [WORKFLOW, STEP],
    flags: [{ flag: '--comment <text>', summary: 'comment on the approval' }],
    load: () => import('./approve.ts'),
  },
  {
    name: 'workflow reject',
    summary: 'Rejects a step that waits for your approval, so that it fails.',
    arguments: [WORKFLOW, STEP],
    flags: [{ flag: '--comment <text>', summary: 'reason of the rejection' }],
    load: () => import('./reject.ts'),
  },
  {
    name: 'workflow fork',
    summary: 'Runs an ended workflow again from a step on, under a new id.',
    arguments: [WORKFLOW, STEP],
    flags: WAIT_FLAGS,
    load: () => import('./fork.ts'),
  },
];
