import { describe, expect, it } from 'vitest';
import { Crew } from '../support/crew.ts';

describe('a step that has to be approved', () => {
  const gated = [
    { agent: 'A', action: 'draft' },
    {
      agent: 'B',
      action: 'publish',
      depends_on: ['draft'],
      approval: { by: 'Boss', timeout_ms: 60_000, escalate_to: 'Owner' },
    },
  ];
  const requests = (crew: Crew, name: string) =>
    crew
      .worker(name)
      .inbox()
      .filter(row => String(row['envelope']).includes('"type":"approval_request"'));

  it('is given out once who was asked says yes, with what there is to judge', async () => {
    await using crew = await Crew.of('A', 'B', 'Boss', 'Owner');
    const id = crew.start(gated);
    crew.finish('A', 'draft', 'a text');
    expect(crew.states(id)).toMatchObject({ publish: 'ready' });
    expect(crew.tasks('B')).toEqual([]);
    expect(requests(crew, 'Boss')).toHaveLength(1);
    expect(String(requests(crew, 'Boss')[0]?.['envelope'])).toContain('"inputs":{"draft":"a text"}');
    expect(crew.worker('A').tryCall('approve_step', { workflow: id, step: 'publish', comment: '' })).toBe(
      'workflow/no-approval',
    );
    crew.worker('Boss').call('approve_step', { workflow: id, step: 'publish', comment: 'fine' });
    crew.worker('Boss').call('approve_step', { workflow: id, step: 'publish', comment: 'fine' });
    expect(requests(crew, 'Boss')).toEqual([]);
    crew.finish('B', 'publish');
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded' });
  });

  it('has failed when the answer is no, with the comment', async () => {
    await using crew = await Crew.of('A', 'B', 'Boss', 'Owner');
    const id = crew.start(gated);
    crew.finish('A', 'draft');
    crew.worker('Boss').call('reject_step', { workflow: id, step: 'publish', comment: 'too long' });
    expect(crew.summary(id)).toMatchObject({
      status: 'failed',
      reason: 'step "publish" failed: rejected by Boss: too long',
    });
  });

  it('is put to the next when nobody has answered in time, and fails when that one says nothing either', async () => {
    await using crew = await Crew.of('A', 'B', 'Boss', 'Owner');
    const id = crew.start(gated);
    crew.finish('A', 'draft');
    crew.lab.advance(60_500);
    expect(requests(crew, 'Boss')).toEqual([]);
    expect(requests(crew, 'Owner')).toHaveLength(1);
    expect(crew.worker('Boss').tryCall('approve_step', { workflow: id, step: 'publish', comment: '' })).toBe(
      'workflow/no-approval',
    );
    expect(crew.lead.procedure('why_waiting', { workflow: id, from: 0, limit: 9 })).toEqual([
      ['publish', 'ready', 'approval', ['Owner'], Number(crew.lab.now) - 250_000 + 60_000_000],
    ]);
    crew.lab.advance(60_500);
    expect(crew.summary(id)).toMatchObject({ status: 'failed' });
  });

  it('may be nothing but that: then the answer is its output', async () => {
    await using crew = await Crew.of('B', 'Boss');
    const id = crew.start([
      { action: 'sign', approval: { by: 'Boss' } },
      { agent: 'B', action: 'go', depends_on: ['sign'] },
    ]);
    crew.lab.advance(3 * 24 * 3_600_000);
    crew.worker('Boss').attach();
    crew.worker('Boss').call('approve_step', { workflow: id, step: 'sign', comment: 'yes' });
    expect(crew.tasks('B')[0]?.task['inputs']).toEqual({ sign: { approved: true, by: 'Boss', comment: 'yes' } });
  });

  it('is not asked for while the workflow is paused, and not any more when it was called off', async () => {
    await using crew = await Crew.of('A', 'B', 'Boss', 'Owner');
    const id = crew.start(gated);
    crew.lead.call('pause_workflow', { workflow: id });
    crew.finish('A', 'draft');
    expect(requests(crew, 'Boss')).toEqual([]);
    crew.lead.call('resume_workflow', { workflow: id });
    expect(requests(crew, 'Boss')).toHaveLength(1);
    crew.lead.call('cancel_workflow', { workflow: id, reason: '' });
    expect(requests(crew, 'Boss')).toEqual([]);
    expect(crew.worker('Boss').tryCall('approve_step', { workflow: id, step: 'publish', comment: '' })).toBe(
      'workflow/no-approval',
    );
  });
});

describe('what was done', () => {
  const trip = [
    { agent: 'A', action: 'flight', compensate: { action: 'cancel_flight', requirements: { refund: true } } },
    { agent: 'B', action: 'hotel', depends_on: ['flight'], compensate: { action: 'cancel_hotel' } },
    { agent: 'A', action: 'note', depends_on: ['flight'] },
    { agent: 'A', action: 'pay', depends_on: ['hotel', 'note'] },
  ];

  it('is undone when the workflow fails later: in reverse order, each once, with its output', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start(trip);
    crew.finish('A', 'flight', { seat: 3 });
    crew.finish('A', 'note');
    crew.finish('B', 'hotel', { room: 7 });
    crew.fail('A', 'pay', 'no money');
    expect(crew.summary(id)).toMatchObject({ status: 'compensating', reason: 'step "pay" failed: no money' });
    expect(crew.tasks('A')).toEqual([]);
    expect(crew.tasks('B')).toMatchObject([
      { step: 'hotel', task: { action: 'cancel_hotel', inputs: { hotel: { room: 7 } }, compensates: true } },
    ]);
    crew.finish('B', 'hotel');
    expect(crew.tasks('A')).toMatchObject([
      { step: 'flight', task: { action: 'cancel_flight', requirements: { refund: true } } },
    ]);
    crew.finish('A', 'flight');
    expect(crew.summary(id)).toMatchObject({ status: 'failed', reason: 'step "pay" failed: no money' });
    expect([...crew.tasks('A'), ...crew.tasks('B')]).toEqual([]);
    expect(crew.lead.tryCall('retry_step', { workflow: id, step: 'pay' })).toBe('workflow/bad-move');
  });

  it('is undone when the workflow is called off, and what cannot be undone holds up nothing', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start(trip);
    crew.finish('A', 'flight');
    crew.finish('B', 'hotel');
    crew.lead.call('cancel_workflow', { workflow: id, reason: 'rain' });
    crew.fail('B', 'hotel', 'cannot');
    crew.finish('A', 'flight');
    expect(crew.summary(id)).toMatchObject({ status: 'cancelled', reason: 'rain' });
    expect(crew.lab.rows('step').map(row => row['undo'])).toEqual(['done', 'failed', '', '']);
  });
});

describe('a step for each element of a list', () => {
  const each = (more: object = {}, concurrency?: number) => [
    { agent: 'A', action: 'split' },
    {
      agent: 'B',
      action: 'work',
      depends_on: ['split'],
      for_each: { step: 'split', path: 'parts', ...(concurrency === undefined ? {} : { concurrency }) },
      ...more,
    },
    { agent: 'A', action: 'join', depends_on: ['work'] },
  ];

  it('is done once for each, and the results come together in the order of the list', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start(each());
    crew.finish('A', 'split', { parts: ['x', { y: 1 }, 3] });
    expect(crew.tasks('B').map(({ step, task }) => [step, task['element'], task['index']])).toEqual([
      ['work[0]', 'x', 0],
      ['work[1]', { y: 1 }, 1],
      ['work[2]', 3, 2],
    ]);
    for (const at of [2, 0, 1]) crew.finish('B', `work[${at}]`, at * 10);
    expect(crew.tasks('A')[0]?.task['inputs']).toEqual({ work: [0, 10, 20] });
    crew.finish('A', 'join');
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded', total: 6, ended: 6 });
  });

  it('has as many under way at once as was said', async () => {
    await using crew = await Crew.of('A', 'B');
    crew.start(each({}, 2));
    crew.finish('A', 'split', { parts: [1, 2, 3, 4, 5] });
    const seen: number[] = [];
    for (let at = 0; at < 5; at++) {
      seen.push(crew.tasks('B').length);
      crew.finish('B', `work[${at}]`);
    }
    expect(seen).toEqual([2, 2, 2, 2, 1]);
    expect(crew.tasks('A')).toMatchObject([{ step: 'join' }]);
  });

  it('is done at once for an empty list, and fails for what is none', async () => {
    await using crew = await Crew.of('A', 'B');
    crew.start(each());
    crew.finish('A', 'split', { parts: [] });
    expect(crew.tasks('A')).toMatchObject([{ step: 'join', task: { inputs: { work: [] } } }]);
    const id = crew.start(each());
    crew.finish('A', 'split', { parts: 'none' });
    expect(crew.summary(id)).toMatchObject({
      status: 'failed',
      reason: 'step "work" failed: the value for "for_each" is not a list',
    });
  });

  it('fails when one of them does, which takes back the others; done again, only the rest is', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start(each());
    crew.finish('A', 'split', { parts: [1, 2, 3] });
    crew.finish('B', 'work[0]', 'one');
    crew.fail('B', 'work[1]');
    expect(crew.states(id)).toEqual({
      split: 'succeeded',
      work: 'failed',
      join: 'cancelled',
      'work[0]': 'succeeded',
      'work[1]': 'failed',
      'work[2]': 'cancelled',
    });
    crew.lead.call('retry_step', { workflow: id, step: 'work' });
    expect(crew.tasks('B').map(task => task.step)).toEqual(['work[1]', 'work[2]']);
    crew.finish('B', 'work[2]', 'three');
    crew.finish('B', 'work[1]', 'two');
    expect(crew.tasks('A')[0]?.task['inputs']).toEqual({ work: ['one', 'two', 'three'] });
  });
});

describe('a step that is a workflow', () => {
  const nested = {
    workflow_type: 'inner',
    steps: [
      { agent: 'A', action: 'one' },
      { agent: 'B', action: 'two', depends_on: ['one'] },
    ],
  };
  const outer = [
    { agent: 'A', action: 'begin' },
    { id: 'inner', action: 'inner', workflow: nested, depends_on: ['begin'] },
    { agent: 'A', action: 'end', depends_on: ['inner'] },
  ];

  it('ends as that one does, with what its steps have returned', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start(outer);
    crew.finish('A', 'begin', 'go');
    expect(crew.tasks('A')[0]).toMatchObject({ step: 'one', task: { workflow_inputs: { inputs: { begin: 'go' } } } });
    crew.finish('A', 'one', 1);
    crew.finish('B', 'two', 2);
    expect(crew.tasks('A')[0]).toMatchObject({ step: 'end', task: { inputs: { inner: { one: 1, two: 2 } } } });
    crew.finish('A', 'end');
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded', ended: 3 });
  });

  it('fails when that one does, and is called off with the workflow it is in', async () => {
    await using crew = await Crew.of('A', 'B');
    const failing = crew.start(outer);
    crew.finish('A', 'begin');
    crew.fail('A', 'one', 'no');
    expect(crew.summary(failing)).toMatchObject({
      status: 'failed',
      reason: 'step "inner" failed: step "one" failed: no',
    });
    const cancelled = crew.start(outer);
    crew.finish('A', 'begin');
    crew.lead.call('cancel_workflow', { workflow: cancelled, reason: 'stop' });
    expect(crew.tasks('A')).toEqual([]);
    const inner = crew.lab.rows('workflow_state').filter(row => row['type'] === 'inner');
    expect(inner.map(row => row['status'])).toEqual(['failed', 'cancelled']);
  });

  it('has its faults told before anything starts', async () => {
    await using crew = await Crew.of('A');
    const definition = JSON.stringify({ workflow_type: 'w', steps: [{ id: 'in', action: 'in', workflow: nested }] });
    const id = '019b8e07-4600-7000-8000-0000000000aa';
    expect(crew.lead.tryCallText('start_workflow', { id, agent: crew.lead.id, definition })).toBe(
      'workflow/bad-definition: step "in": step "two": there is no agent "B"',
    );
  });
});

describe('a workflow that has ended', () => {
  it('is run once more from a step on, with what did not depend on it', async () => {
    await using crew = await Crew.of('A', 'B');
    const steps = [
      { agent: 'A', action: 'gather' },
      { agent: 'B', action: 'write', depends_on: ['gather'] },
      { agent: 'A', action: 'check', depends_on: ['write'] },
    ];
    const id = crew.start(steps);
    crew.finish('A', 'gather', 'facts');
    crew.finish('B', 'write', 'dull');
    expect(
      crew.lead.tryCall('fork_workflow', {
        workflow: id,
        id: '019b8e07-4600-7000-8000-0000000000ab',
        agent: crew.lead.id,
        step: 'write',
      }),
    ).toBe('workflow/bad-move');
    crew.finish('A', 'check', 'dull indeed');
    const again = '019b8e07-4600-7000-8000-0000000000ac';
    for (let say = 0; say < 2; say++) {
      crew.lead.call('fork_workflow', { workflow: id, id: again, agent: crew.lead.id, step: 'write' });
    }
    expect(crew.states(again)).toEqual({ gather: 'succeeded', write: 'running', check: 'pending' });
    expect(crew.tasks('B')[0]?.task['inputs']).toEqual({ gather: 'facts' });
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded' });
  });
});
