// Every pair of a workflow's status and a trigger, in the running module: the next status, or the refusal.

import { describe, expect, test } from 'vitest';
import type { WorkflowStatus } from '@agora/module/contract';
import { Crew } from '../support/crew.ts';
import { uuidAt } from '../support/module-lab.ts';

const HAPPENINGS = ['pause', 'resume', 'cancel', 'retry', 'fork', 'last answer', 'undone', 'time over'] as const;
type Happening = (typeof HAPPENINGS)[number];

interface Scene {
  readonly crew: Crew;
  readonly id: string;
}

const steps = [
  { agent: 'A', action: 'first', compensate: { action: 'undo' } },
  { agent: 'A', action: 'odd', on_failure: 'skip' },
  { agent: 'A', action: 'last', depends_on: ['first'] },
];

/** A workflow whose first step succeeded, and whose step `odd` failed. */
async function begin(isUndone: boolean): Promise<Scene> {
  const crew = await Crew.of('A');
  const [first, ...rest] = steps;
  const id = crew.start(isUndone ? steps : [{ ...first, compensate: undefined }, ...rest], { deadline_ms: 50_000 });
  crew.finish('A', 'first');
  crew.fail('A', 'odd');
  return { crew, id };
}

const after = async (isUndone: boolean, deed: (scene: Scene) => void): Promise<Scene> => {
  const scene = await begin(isUndone);
  deed(scene);
  return scene;
};
const cancel = ({ crew, id }: Scene) => crew.lead.call('cancel_workflow', { workflow: id, reason: '' });

const PLACES: Readonly<Record<WorkflowStatus, () => Promise<Scene>>> = {
  running: () => begin(true),
  paused: () => after(true, ({ crew, id }) => crew.lead.call('pause_workflow', { workflow: id })),
  compensating: () => after(true, ({ crew }) => crew.fail('A', 'last')),
  succeeded: () => after(true, ({ crew }) => crew.finish('A', 'last')),
  failed: () => after(false, ({ crew }) => crew.fail('A', 'last')),
  cancelled: () => after(false, cancel),
};

const DEEDS: Readonly<Record<Happening, (scene: Scene) => string | undefined>> = {
  pause: scene => tryCall(scene, 'pause_workflow', {}),
  resume: scene => tryCall(scene, 'resume_workflow', {}),
  cancel: scene => tryCall(scene, 'cancel_workflow', { reason: 'enough' }),
  retry: scene => tryCall(scene, 'retry_step', { step: 'odd' }),
  fork: scene => {
    const { crew } = scene;
    return tryCall(scene, 'fork_workflow', { id: uuidAt(crew.lab.nowMs, 77), agent: crew.lead.id, step: 'last' });
  },
  'last answer': ({ crew }) => answer(crew, 'last'),
  undone: ({ crew }) => answer(crew, 'first'),
  'time over': ({ crew }) => void crew.lab.advance(50_500),
};

const bad = 'workflow/bad-move';
type Cell = WorkflowStatus | typeof bad;
const over: Readonly<Record<'pause' | 'resume' | 'cancel', Cell>> = { pause: bad, resume: bad, cancel: bad };

/** The next status for each trigger, or a refusal that changes nothing. */
const TABLE: Readonly<Record<WorkflowStatus, Readonly<Record<Happening, Cell>>>> = {
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

describe.each(Object.keys(PLACES) as WorkflowStatus[])('a workflow that is %s', status => {
  test.each(HAPPENINGS)('when: %s', async happening => {
    const scene = await PLACES[status]();
    await using crew = scene.crew;
    expect(crew.summary(scene.id)['status']).toBe(status);

    const refusal = DEEDS[happening](scene);

    const expected = TABLE[status][happening];
    const isRefused = expected === bad;
    expect([refusal, crew.summary(scene.id)['status']]).toEqual(isRefused ? [bad, status] : [undefined, expected]);
    drive(scene);
    for (const row of crew.lab.rows('workflow_state')) expect(row['ended_at']).not.toBe(0);
  });
});

/** Answers all tasks and lets time pass until every workflow has ended. */
function drive({ crew, id }: Scene): void {
  if (crew.summary(id)['status'] === 'paused') crew.lead.call('resume_workflow', { workflow: id });
  for (let round = 0; round < 5; round++) {
    for (const { step } of crew.tasks('A')) crew.finish('A', step);
    crew.lab.advance(21_000);
  }
}

/** Answers a task if one is offered. */
function answer(crew: Crew, step: string): undefined {
  if (crew.tasks('A').some(task => task.step === step)) crew.finish('A', step);
}

function tryCall({ crew, id }: Scene, reducer: string, args: Readonly<Record<string, unknown>>): string | undefined {
  try {
    crew.lead.call(reducer, { workflow: id, ...args });
    return undefined;
  } catch (error) {
    return /[a-z]+\/[a-z-]+(?=: )/.exec(String(error))?.[0] ?? String(error);
  }
}
