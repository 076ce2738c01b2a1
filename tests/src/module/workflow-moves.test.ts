// Every pair of a step's state and a trigger, in the running module: the next state, or the refusal; and the workflow
// ends from there.

import { describe, expect, test } from 'vitest';
import { Crew, type LabTask } from '../support/crew.ts';

const HAPPENINGS = [
  'answer',
  'stumble',
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
type Happening = (typeof HAPPENINGS)[number];

/** A step in some state, with other steps of a running workflow. */
interface Scene {
  readonly crew: Crew;
  readonly id: string;
  /** The delivery of the step at its worker, if it has one. */
  readonly task: LabTask | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const before = { id: 'before', agent: 'O', action: 'do' };
const other = { id: 'other', agent: 'O', action: 'do' };

async function begin(step: Fields, more: readonly Fields[] = []): Promise<Scene> {
  const crew = await Crew.of('A', 'O', 'Boss');
  const subject = { id: 'it', agent: 'A', action: 'do', on_failure: 'continue', ...step };
  const id = crew.start([before, subject, other, ...more], { deadline_ms: 200_000 });
  return { crew, id, task: crew.tasks('A')[0] };
}

/** The way to each state of a step. */
const PLACES = {
  pending: () => begin({ depends_on: ['before'] }),
  held: async () => {
    const scene = await begin({ depends_on: ['before'] });
    scene.crew.lead.call('pause_workflow', { workflow: scene.id });
    scene.crew.finish('O', 'before');
    return scene;
  },
  asked: () => begin({ approval: { by: 'Boss', timeout_ms: 30_000 } }),
  'to be tried again': async () => {
    const scene = await begin({ retries: { attempts: 3, backoff_ms: 20_000 } });
    scene.crew.stumble('A', 'it');
    return scene;
  },
  running: () => begin({ timeout_ms: 30_000 }),
  succeeded: async () => {
    const scene = await begin({});
    scene.crew.finish('A', 'it');
    return scene;
  },
  failed: async () => {
    const scene = await begin({});
    scene.crew.fail('A', 'it');
    return scene;
  },
  'timed out': async () => {
    const scene = await begin({ timeout_ms: 1_000 });
    scene.crew.lab.advance(1_500);
    return scene;
  },
  skipped: async () => {
    const scene = await begin({ depends_on: ['before'], when: { step: 'before', status: 'failed' } });
    scene.crew.finish('O', 'before');
    return scene;
  },
  cancelled: async () => {
    const judge = { id: 'judge', agent: 'O', action: 'do', depends_on: ['it', 'before'], join: 'any' };
    const scene = await begin({}, [judge]);
    scene.crew.finish('O', 'before');
    return scene;
  },
} as const satisfies Record<string, () => Promise<Scene>>;
type Place = keyof typeof PLACES;

/** Performs the trigger; returns the code of the refusal, if it is refused. */
const DEEDS: Readonly<Record<Happening, (scene: Scene) => string | undefined>> = {
  answer: scene => act(scene, 'FinishStep', { output: 'null' }),
  stumble: scene => act(scene, 'FailStep', { error: 'busy', retry: true }),
  fail: scene => act(scene, 'FailStep', { error: 'broken', retry: false }),
  approve: ({ crew, id }) => tryCall(() => judge(crew, 'approve_step', id)),
  reject: ({ crew, id }) => tryCall(() => judge(crew, 'reject_step', id)),
  'time passes': ({ crew }) => void crew.lab.advance(31_000),
  'dependency ends': ({ crew }) => {
    if (crew.tasks('O').some(({ step }) => step === 'before')) crew.finish('O', 'before');
    return undefined;
  },
  pause: ({ crew, id }) => tryCall(() => crew.lead.call('pause_workflow', { workflow: id })),
  resume: ({ crew, id }) => tryCall(() => crew.lead.call('resume_workflow', { workflow: id })),
  retry: ({ crew, id }) => tryCall(() => crew.lead.call('retry_step', { workflow: id, step: 'it' })),
  'agent goes': ({ crew }) => void crew.worker('A').call('unregister_agent', { agent: crew.worker('A').id }),
  'other fails': ({ crew }) => void crew.fail('O', 'other'),
  cancel: ({ crew, id }) => void crew.lead.call('cancel_workflow', { workflow: id, reason: 'enough' }),
  deadline: ({ crew }) => void crew.lab.advance(201_000),
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
const TABLE: Readonly<Record<Place, Readonly<Record<Happening, string>>>> = {
  pending: {
    ...unmoved('pending'),
    answer: never,
    stumble: never,
    fail: never,
    'dependency ends': 'running',
    retry: badMove,
    ...endsAll('cancelled'),
  },
  held: {
    ...unmoved('ready'),
    answer: never,
    stumble: never,
    fail: never,
    resume: 'running',
    retry: badMove,
    ...endsAll('cancelled'),
  },
  asked: {
    ...unmoved('ready'),
    answer: never,
    stumble: never,
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
    stumble: 'ready',
    fail: 'ready',
    'time passes': 'running',
    retry: badMove,
    ...endsAll('cancelled'),
  },
  running: {
    ...unmoved('running'),
    answer: 'succeeded',
    stumble: 'running',
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
    stumble: 'delivery/ended',
    fail: 'delivery/ended',
    retry: badMove,
    ...endsAll('succeeded'),
  },
  failed: {
    ...unmoved('failed'),
    answer: 'delivery/ended',
    stumble: 'failed',
    fail: 'failed',
    retry: 'running',
    ...endsAll('failed'),
  },
  'timed out': {
    ...unmoved('timed_out'),
    answer: 'delivery/cancelled',
    stumble: 'delivery/cancelled',
    fail: 'delivery/cancelled',
    retry: 'running',
    ...endsAll('timed_out'),
  },
  skipped: {
    ...unmoved('skipped'),
    answer: never,
    stumble: never,
    fail: never,
    // Its condition still does not hold.
    retry: 'skipped',
    ...endsAll('skipped'),
  },
  cancelled: {
    ...unmoved('cancelled'),
    answer: 'delivery/cancelled',
    stumble: 'delivery/cancelled',
    fail: 'delivery/cancelled',
    retry: 'running',
    ...endsAll('cancelled'),
  },
};

describe.each(Object.keys(PLACES) as Place[])('a step that is %s', place => {
  test.each(HAPPENINGS)('when: %s', async happening => {
    const scene = await PLACES[place]();
    await using crew = scene.crew;
    const stood = crew.states(scene.id)['it'];
    const expected = TABLE[place][happening];

    const refusal = DEEDS[happening](scene);

    if (expected.includes('/')) expect([refusal, crew.states(scene.id)['it']]).toEqual([expected, stood]);
    else expect([refusal, crew.states(scene.id)['it']]).toEqual([undefined, expected]);
    drive(scene);
    expect(crew.summary(scene.id)).toMatchObject({
      status: expect.stringMatching(/^(succeeded|failed|cancelled)$/) as string,
    });
    expect(crew.lab.rows('step').every(row => row['ended_at'] !== 0)).toBe(true);
  });
});

/** Answers all tasks and lets time pass until the workflow has ended. */
function drive({ crew, id }: Scene): void {
  const hasEnded = () => crew.summary(id)['ended_at'] !== 0;
  if (crew.summary(id)['status'] === 'paused') crew.lead.call('resume_workflow', { workflow: id });
  for (let round = 0; !hasEnded() && round < 20; round++) {
    const isAsked = crew.lab.rows('step').some(row => row['approval'] === 'asked');
    if (isAsked) judge(crew, 'approve_step', id);
    for (const name of ['A', 'O']) for (const { step } of crew.tasks(name)) crew.finish(name, step);
    if (!hasEnded()) crew.lab.advance(21_000);
  }
}

function act({ crew, task }: Scene, tag: string, fields: Fields): string | undefined {
  const { delivery, attempt } = task ?? { delivery: 999, attempt: 1 };
  return tryCall(() => crew.worker('A').act({ [tag]: { delivery, attempt, ...fields } }));
}

function judge(crew: Crew, reducer: string, workflow: string): void {
  crew.worker('Boss').call(reducer, { workflow, step: 'it', comment: '' });
}

/** The code of a refusal. */
function tryCall(call: () => void): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return /[a-z]+\/[a-z-]+(?=[:"])/.exec(String(error).replace('call/refused', ''))?.[0] ?? String(error);
  }
}
