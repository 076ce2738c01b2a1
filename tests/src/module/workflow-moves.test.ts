// Every pair of a step's state and a trigger, in the running module: the next state, or the refusal; and the workflow
// ends from there.

import { describe, expect, test } from 'vitest';
import { Team, type LabTask } from '../support/team.ts';

const TRIGGERS = [
  'answer',
  'fail for now',
  'fail',
  'approve',
  'reject',
  'time passes',
  'dependency ends',
  'pause',
  'resume',
  'retry',
  'agent goes',
  'other fails',
  'cancel',
  'deadline',
] as const;
type Trigger = (typeof TRIGGERS)[number];

/** A step in some state, with other steps of a running workflow. */
interface Scene {
  readonly team: Team;
  readonly id: string;
  /** The delivery of the step at its worker, if it has one. */
  readonly task: LabTask | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const before = { id: 'before', agent: 'O', action: 'do' };
const other = { id: 'other', agent: 'O', action: 'do' };

async function begin(step: Fields, more: readonly Fields[] = []): Promise<Scene> {
  const team = await Team.of('A', 'O', 'Boss');
  const subject = { id: 'it', agent: 'A', action: 'do', on_failure: 'continue', ...step };
  const id = team.start([before, subject, other, ...more], { deadline_ms: 200_000 });
  return { team, id, task: team.tasks('A')[0] };
}

/** The way to each state of a step. */
const STARTS = {
  pending: () => begin({ depends_on: ['before'] }),
  held: async () => {
    const scene = await begin({ depends_on: ['before'] });
    scene.team.lead.call('pause_workflow', { workflow: scene.id });
    scene.team.finish('O', 'before');
    return scene;
  },
  asked: () => begin({ approval: { by: 'Boss', timeout_ms: 30_000 } }),
  'to be tried again': async () => {
    const scene = await begin({ retries: { attempts: 3, backoff_ms: 20_000 } });
    scene.team.failWithRetry('A', 'it');
    return scene;
  },
  running: () => begin({ timeout_ms: 30_000 }),
  succeeded: async () => {
    const scene = await begin({});
    scene.team.finish('A', 'it');
    return scene;
  },
  failed: async () => {
    const scene = await begin({});
    scene.team.fail('A', 'it');
    return scene;
  },
  'timed out': async () => {
    const scene = await begin({ timeout_ms: 1_000 });
    scene.team.lab.advance(1_500);
    return scene;
  },
  skipped: async () => {
    const scene = await begin({ depends_on: ['before'], when: { step: 'before', status: 'failed' } });
    scene.team.finish('O', 'before');
    return scene;
  },
  cancelled: async () => {
    const judge = { id: 'judge', agent: 'O', action: 'do', depends_on: ['it', 'before'], join: 'any' };
    const scene = await begin({}, [judge]);
    scene.team.finish('O', 'before');
    return scene;
  },
} as const satisfies Record<string, () => Promise<Scene>>;
type StartName = keyof typeof STARTS;

/** Performs the trigger; returns the code of the refusal, if it is refused. */
const PERFORM: Readonly<Record<Trigger, (scene: Scene) => string | undefined>> = {
  answer: scene => act(scene, 'FinishStep', { output: 'null' }),
  'fail for now': scene => act(scene, 'FailStep', { error: 'busy', retry: true }),
  fail: scene => act(scene, 'FailStep', { error: 'broken', retry: false }),
  approve: scene => decideApproval(scene, 'approve_step'),
  reject: scene => decideApproval(scene, 'reject_step'),
  'time passes': ({ team }) => void team.lab.advance(31_000),
  'dependency ends': ({ team }) => {
    if (team.tasks('O').some(({ step }) => step === 'before')) team.finish('O', 'before');
    return undefined;
  },
  pause: ({ team, id }) => team.lead.refusalCode('pause_workflow', { workflow: id }),
  resume: ({ team, id }) => team.lead.refusalCode('resume_workflow', { workflow: id }),
  retry: ({ team, id }) => team.lead.refusalCode('retry_step', { workflow: id, step: 'it' }),
  'agent goes': ({ team }) => void team.worker('A').call('unregister_agent', { agent: team.worker('A').id }),
  'other fails': ({ team }) => void team.fail('O', 'other'),
  cancel: ({ team, id }) => void team.lead.call('cancel_workflow', { workflow: id, reason: 'enough' }),
  deadline: ({ team }) => void team.lab.advance(201_000),
};

const never = 'delivery/unknown';
const noApproval = 'workflow/no-approval';
const badMove = 'workflow/bad-move';

/** A trigger that ends the whole workflow leaves an ended step as it is. */
const endsAll = (state: string) => ({ 'other fails': state, cancel: state, deadline: state });
const unmoved = (state: string) => ({
  approve: noApproval,
  reject: noApproval,
  'time passes': state,
  'dependency ends': state,
  pause: state,
  resume: state,
  'agent goes': state,
});

/** The next state for each trigger in each state, or a refusal that changes nothing. */
const TABLE: Readonly<Record<StartName, Readonly<Record<Trigger, string>>>> = {
  pending: {
    ...unmoved('pending'),
    answer: never,
    'fail for now': never,
    fail: never,
    'dependency ends': 'running',
    retry: badMove,
    ...endsAll('cancelled'),
  },
  held: {
    ...unmoved('ready'),
    answer: never,
    'fail for now': never,
    fail: never,
    resume: 'running',
    retry: badMove,
    ...endsAll('cancelled'),
  },
  asked: {
    ...unmoved('ready'),
    answer: never,
    'fail for now': never,
    fail: never,
    approve: 'running',
    reject: 'failed',
    'time passes': 'failed',
    retry: badMove,
    ...endsAll('cancelled'),
    // Its own time was over before.
    deadline: 'failed',
  },
  'to be tried again': {
    ...unmoved('ready'),
    answer: 'delivery/ended',
    // It has failed in that way before.
    'fail for now': 'ready',
    fail: 'ready',
    'time passes': 'running',
    retry: badMove,
    ...endsAll('cancelled'),
  },
  running: {
    ...unmoved('running'),
    answer: 'succeeded',
    'fail for now': 'running',
    fail: 'failed',
    'time passes': 'timed_out',
    retry: badMove,
    'agent goes': 'failed',
    ...endsAll('cancelled'),
    // Its own time was over before.
    deadline: 'timed_out',
  },
  succeeded: {
    ...unmoved('succeeded'),
    answer: 'succeeded',
    'fail for now': 'delivery/ended',
    fail: 'delivery/ended',
    retry: badMove,
    ...endsAll('succeeded'),
  },
  failed: {
    ...unmoved('failed'),
    answer: 'delivery/ended',
    'fail for now': 'failed',
    fail: 'failed',
    retry: 'running',
    ...endsAll('failed'),
  },
  'timed out': {
    ...unmoved('timed_out'),
    answer: 'delivery/cancelled',
    'fail for now': 'delivery/cancelled',
    fail: 'delivery/cancelled',
    retry: 'running',
    ...endsAll('timed_out'),
  },
  skipped: {
    ...unmoved('skipped'),
    answer: never,
    'fail for now': never,
    fail: never,
    // Its condition still does not hold.
    retry: 'skipped',
    ...endsAll('skipped'),
  },
  cancelled: {
    ...unmoved('cancelled'),
    answer: 'delivery/cancelled',
    'fail for now': 'delivery/cancelled',
    fail: 'delivery/cancelled',
    retry: 'running',
    ...endsAll('cancelled'),
  },
};

describe.each(Object.keys(STARTS) as StartName[])('a step that is %s', start => {
  test.each(TRIGGERS)('when: %s', async trigger => {
    const scene = await STARTS[start]();
    await using team = scene.team;
    const stood = team.states(scene.id)['it'];
    const expected = TABLE[start][trigger];

    const refusal = PERFORM[trigger](scene);

    if (expected.includes('/')) expect([refusal, team.states(scene.id)['it']]).toEqual([expected, stood]);
    else expect([refusal, team.states(scene.id)['it']]).toEqual([undefined, expected]);
    drive(scene);
    expect(team.summary(scene.id)).toMatchObject({
      status: expect.stringMatching(/^(succeeded|failed|cancelled)$/) as string,
    });
    expect(team.lab.rows('step').every(row => row['ended_at'] !== 0)).toBe(true);
  });
});

/** Answers all tasks and lets time pass until the workflow has ended. */
function drive({ team, id }: Scene): void {
  const hasEnded = () => team.summary(id)['ended_at'] !== 0;
  if (team.summary(id)['status'] === 'paused') team.lead.call('resume_workflow', { workflow: id });
  for (let round = 0; !hasEnded() && round < 20; round++) {
    const isAsked = team.lab.rows('step').some(row => row['approval'] === 'asked');
    if (isAsked) decideApproval({ team, id }, 'approve_step');
    for (const name of ['A', 'O']) for (const { step } of team.tasks(name)) team.finish(name, step);
    if (!hasEnded()) team.lab.advance(21_000);
  }
}

function act({ team, task }: Scene, tag: string, fields: Fields): string | undefined {
  const { delivery, attempt } = task ?? { delivery: 999, attempt: 1 };
  return team.worker('A').refusalCode('perform_acts', { acts: [{ [tag]: { delivery, attempt, ...fields } }] });
}

function decideApproval({ team, id }: Pick<Scene, 'team' | 'id'>, reducer: string): string | undefined {
  return team.worker('Boss').refusalCode(reducer, { workflow: id, step: 'it', comment: '' });
}
