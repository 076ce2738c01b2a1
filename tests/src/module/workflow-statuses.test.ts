// Every pair of a workflow's status and a trigger, in the running module: the next status, or the refusal.

import { describe, expect, test } from 'vitest';
import type { WorkflowStatus } from '@agora/module/contract';
import { Team } from '../support/team.ts';
import { uuidAt } from '../support/module-lab.ts';

const TRIGGERS = ['pause', 'resume', 'cancel', 'retry', 'fork', 'last answer', 'undone', 'time over'] as const;
type Trigger = (typeof TRIGGERS)[number];

interface Scene {
  readonly team: Team;
  readonly id: string;
}

const steps = [
  { agent: 'A', action: 'first', compensate: { action: 'undo' } },
  { agent: 'A', action: 'odd', on_failure: 'skip' },
  { agent: 'A', action: 'last', depends_on: ['first'] },
];

/** A workflow whose first step succeeded, and whose step `odd` failed. */
async function begin(isUndone: boolean): Promise<Scene> {
  const team = await Team.of('A');
  const [first, ...rest] = steps;
  const id = team.start(isUndone ? steps : [{ ...first, compensate: undefined }, ...rest], { deadline_ms: 50_000 });
  team.finish('A', 'first');
  team.fail('A', 'odd');
  return { team, id };
}

const after = async (isUndone: boolean, change: (scene: Scene) => void): Promise<Scene> => {
  const scene = await begin(isUndone);
  change(scene);
  return scene;
};
const cancel = ({ team, id }: Scene) => team.lead.call('cancel_workflow', { workflow: id, reason: '' });

const STARTS: Readonly<Record<WorkflowStatus, () => Promise<Scene>>> = {
  running: () => begin(true),
  paused: () => after(true, ({ team, id }) => team.lead.call('pause_workflow', { workflow: id })),
  compensating: () => after(true, ({ team }) => team.fail('A', 'last')),
  succeeded: () => after(true, ({ team }) => team.finish('A', 'last')),
  failed: () => after(false, ({ team }) => team.fail('A', 'last')),
  cancelled: () => after(false, cancel),
};

const PERFORM: Readonly<Record<Trigger, (scene: Scene) => string | undefined>> = {
  pause: scene => tryCall(scene, 'pause_workflow', {}),
  resume: scene => tryCall(scene, 'resume_workflow', {}),
  cancel: scene => tryCall(scene, 'cancel_workflow', { reason: 'enough' }),
  retry: scene => tryCall(scene, 'retry_step', { step: 'odd' }),
  fork: scene => {
    const { team } = scene;
    return tryCall(scene, 'fork_workflow', { id: uuidAt(team.lab.nowMs, 77), agent: team.lead.id, step: 'last' });
  },
  'last answer': ({ team }) => answer(team, 'last'),
  undone: ({ team }) => answer(team, 'first'),
  'time over': ({ team }) => void team.lab.advance(50_500),
};

const bad = 'workflow/bad-move';
type Cell = WorkflowStatus | typeof bad;
const over: Readonly<Record<'pause' | 'resume' | 'cancel', Cell>> = { pause: bad, resume: bad, cancel: bad };

/** The next status for each trigger, or a refusal that changes nothing. */
const TABLE: Readonly<Record<WorkflowStatus, Readonly<Record<Trigger, Cell>>>> = {
  running: {
    pause: 'paused',
    resume: 'running',
    cancel: 'compensating',
    retry: 'running',
    fork: bad,
    'last answer': 'succeeded',
    undone: 'running',
    'time over': 'compensating',
  },
  paused: {
    pause: 'paused',
    resume: 'running',
    cancel: 'compensating',
    retry: 'paused',
    fork: bad,
    'last answer': 'succeeded',
    undone: 'paused',
    'time over': 'compensating',
  },
  compensating: {
    ...over,
    retry: bad,
    fork: bad,
    'last answer': 'compensating',
    undone: 'failed',
    'time over': 'compensating',
  },
  succeeded: {
    ...over,
    retry: 'running',
    fork: 'succeeded',
    'last answer': 'succeeded',
    undone: 'succeeded',
    'time over': 'succeeded',
  },
  failed: {
    ...over,
    retry: 'running',
    fork: 'failed',
    'last answer': 'failed',
    undone: 'failed',
    'time over': 'failed',
  },
  cancelled: {
    ...over,
    // A repetition.
    cancel: 'cancelled',
    retry: 'running',
    fork: 'cancelled',
    'last answer': 'cancelled',
    undone: 'cancelled',
    'time over': 'cancelled',
  },
};

describe.each(Object.keys(STARTS) as WorkflowStatus[])('a workflow that is %s', status => {
  test.each(TRIGGERS)('when: %s', async trigger => {
    const scene = await STARTS[status]();
    await using team = scene.team;
    expect(team.summary(scene.id)['status']).toBe(status);

    const refusal = PERFORM[trigger](scene);

    const expected = TABLE[status][trigger];
    const isRefused = expected === bad;
    expect([refusal, team.summary(scene.id)['status']]).toEqual(isRefused ? [bad, status] : [undefined, expected]);
    drive(scene);
    for (const row of team.lab.rows('workflow_state')) expect(row['ended_at']).not.toBe(0);
  });
});

/** Answers all tasks and lets time pass until every workflow has ended. */
function drive({ team, id }: Scene): void {
  if (team.summary(id)['status'] === 'paused') team.lead.call('resume_workflow', { workflow: id });
  for (let round = 0; round < 5; round++) {
    for (const { step } of team.tasks('A')) team.finish('A', step);
    team.lab.advance(21_000);
  }
}

/** Answers a task if one is offered. */
function answer(team: Team, step: string): undefined {
  if (team.tasks('A').some(task => task.step === step)) team.finish('A', step);
}

function tryCall({ team, id }: Scene, reducer: string, args: Readonly<Record<string, unknown>>): string | undefined {
  return team.lead.refusalCode(reducer, { workflow: id, ...args });
}
