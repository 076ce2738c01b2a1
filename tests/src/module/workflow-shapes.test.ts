import { describe, expect, test } from 'vitest';
import { Team } from '../support/team.ts';

describe('a step with an approval', () => {
  const gated = [
    { agent: 'A', action: 'draft' },
    {
      agent: 'B',
      action: 'publish',
      depends_on: ['draft'],
      approval: { by: 'Boss', timeout_ms: 60_000, escalate_to: 'Owner' },
    },
  ];
  const requests = (team: Team, name: string) =>
    team
      .worker(name)
      .inbox()
      .filter(row => String(row['envelope']).includes('"type":"approval_request"'));

  test('is assigned once its approver agrees, with the inputs to decide on', async () => {
    await using team = await Team.of('A', 'B', 'Boss', 'Owner');
    const id = team.start(gated);
    team.finish('A', 'draft', 'a text');
    expect(team.states(id)).toMatchObject({ publish: 'ready' });
    expect(team.tasks('B')).toEqual([]);
    expect(requests(team, 'Boss')).toHaveLength(1);
    expect(String(requests(team, 'Boss')[0]?.['envelope'])).toContain('"inputs":{"draft":"a text"}');
    expect(team.worker('A').tryCall('approve_step', { workflow: id, step: 'publish', comment: '' })).toBe(
      'workflow/no-approval',
    );
    team.worker('Boss').call('approve_step', { workflow: id, step: 'publish', comment: 'fine' });
    team.worker('Boss').call('approve_step', { workflow: id, step: 'publish', comment: 'fine' });
    expect(requests(team, 'Boss')).toEqual([]);
    team.finish('B', 'publish');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded' });
  });

  test('fails when it is rejected, with the comment', async () => {
    await using team = await Team.of('A', 'B', 'Boss', 'Owner');
    const id = team.start(gated);
    team.finish('A', 'draft');
    team.worker('Boss').call('reject_step', { workflow: id, step: 'publish', comment: 'too long' });
    expect(team.summary(id)).toMatchObject({
      status: 'failed',
      reason: 'step "publish" failed: rejected by Boss: too long',
    });
  });

  test('is put to the next approver when the first does not answer in time, and fails when the next does not either', async () => {
    await using team = await Team.of('A', 'B', 'Boss', 'Owner');
    const id = team.start(gated);
    team.finish('A', 'draft');
    team.lab.advance(60_500);
    expect(requests(team, 'Boss')).toEqual([]);
    expect(requests(team, 'Owner')).toHaveLength(1);
    expect(team.worker('Boss').tryCall('approve_step', { workflow: id, step: 'publish', comment: '' })).toBe(
      'workflow/no-approval',
    );
    expect(team.lead.procedure('why_waiting', { workflow: id, from: 0, limit: 9 })).toEqual([
      ['publish', 'ready', 'approval', ['Owner'], Number(team.lab.now) - 250_000 + 60_000_000],
    ]);
    team.lab.advance(60_500);
    expect(team.summary(id)).toMatchObject({ status: 'failed' });
  });

  test('may be an approval only: then the answer is its output', async () => {
    await using team = await Team.of('B', 'Boss');
    const id = team.start([
      { action: 'sign', approval: { by: 'Boss' } },
      { agent: 'B', action: 'go', depends_on: ['sign'] },
    ]);
    team.lab.advance(3 * 24 * 3_600_000);
    team.worker('Boss').attach();
    team.worker('Boss').call('approve_step', { workflow: id, step: 'sign', comment: 'yes' });
    expect(team.tasks('B')[0]?.task['inputs']).toEqual({ sign: { approved: true, by: 'Boss', comment: 'yes' } });
  });

  test('is not asked for while the workflow is paused, and not after it was cancelled', async () => {
    await using team = await Team.of('A', 'B', 'Boss', 'Owner');
    const id = team.start(gated);
    team.lead.call('pause_workflow', { workflow: id });
    team.finish('A', 'draft');
    expect(requests(team, 'Boss')).toEqual([]);
    team.lead.call('resume_workflow', { workflow: id });
    expect(requests(team, 'Boss')).toHaveLength(1);
    team.lead.call('cancel_workflow', { workflow: id, reason: '' });
    expect(requests(team, 'Boss')).toEqual([]);
    expect(team.worker('Boss').tryCall('approve_step', { workflow: id, step: 'publish', comment: '' })).toBe(
      'workflow/no-approval',
    );
  });
});

describe('a succeeded step', () => {
  const trip = [
    { agent: 'A', action: 'flight', compensate: { action: 'cancel_flight', requirements: { refund: true } } },
    { agent: 'B', action: 'hotel', depends_on: ['flight'], compensate: { action: 'cancel_hotel' } },
    { agent: 'A', action: 'note', depends_on: ['flight'] },
    { agent: 'A', action: 'pay', depends_on: ['hotel', 'note'] },
  ];

  test('is compensated when the workflow fails later: in reverse order, each once, with its output', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start(trip);
    team.finish('A', 'flight', { seat: 3 });
    team.finish('A', 'note');
    team.finish('B', 'hotel', { room: 7 });
    team.fail('A', 'pay', 'no money');
    expect(team.summary(id)).toMatchObject({ status: 'compensating', reason: 'step "pay" failed: no money' });
    expect(team.tasks('A')).toEqual([]);
    expect(team.tasks('B')).toMatchObject([
      { step: 'hotel', task: { action: 'cancel_hotel', inputs: { hotel: { room: 7 } }, compensates: true } },
    ]);
    team.finish('B', 'hotel');
    expect(team.tasks('A')).toMatchObject([
      { step: 'flight', task: { action: 'cancel_flight', requirements: { refund: true } } },
    ]);
    team.finish('A', 'flight');
    expect(team.summary(id)).toMatchObject({ status: 'failed', reason: 'step "pay" failed: no money' });
    expect([...team.tasks('A'), ...team.tasks('B')]).toEqual([]);
    expect(team.lead.tryCall('retry_step', { workflow: id, step: 'pay' })).toBe('workflow/bad-move');
  });

  test('is compensated when the workflow is cancelled, and a failed compensation does not block others', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start(trip);
    team.finish('A', 'flight');
    team.finish('B', 'hotel');
    team.lead.call('cancel_workflow', { workflow: id, reason: 'rain' });
    team.fail('B', 'hotel', 'cannot');
    team.finish('A', 'flight');
    expect(team.summary(id)).toMatchObject({ status: 'cancelled', reason: 'rain' });
    expect(team.lab.rows('step').map(row => row['undo'])).toEqual(['done', 'failed', '', '']);
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

  test('runs once for each, and the results are collected in the order of the list', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start(each());
    team.finish('A', 'split', { parts: ['x', { y: 1 }, 3] });
    expect(team.tasks('B').map(({ step, task }) => [step, task['element'], task['index']])).toEqual([
      ['work[0]', 'x', 0],
      ['work[1]', { y: 1 }, 1],
      ['work[2]', 3, 2],
    ]);
    for (const at of [2, 0, 1]) team.finish('B', `work[${at}]`, at * 10);
    expect(team.tasks('A')[0]?.task['inputs']).toEqual({ work: [0, 10, 20] });
    team.finish('A', 'join');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded', total: 6, ended: 6 });
  });

  test('runs as many elements in parallel as defined', async () => {
    await using team = await Team.of('A', 'B');
    team.start(each({}, 2));
    team.finish('A', 'split', { parts: [1, 2, 3, 4, 5] });
    const seen: number[] = [];
    for (let at = 0; at < 5; at++) {
      seen.push(team.tasks('B').length);
      team.finish('B', `work[${at}]`);
    }
    expect(seen).toEqual([2, 2, 2, 2, 1]);
    expect(team.tasks('A')).toMatchObject([{ step: 'join' }]);
  });

  test('succeeds immediately for an empty list, and fails for another value', async () => {
    await using team = await Team.of('A', 'B');
    team.start(each());
    team.finish('A', 'split', { parts: [] });
    expect(team.tasks('A')).toMatchObject([{ step: 'join', task: { inputs: { work: [] } } }]);
    const id = team.start(each());
    team.finish('A', 'split', { parts: 'none' });
    expect(team.summary(id)).toMatchObject({
      status: 'failed',
      reason: 'step "work" failed: the value for "for_each" is not a list',
    });
  });

  test('fails when one element does, which takes back the others; a retry runs the rest only', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start(each());
    team.finish('A', 'split', { parts: [1, 2, 3] });
    team.finish('B', 'work[0]', 'one');
    team.fail('B', 'work[1]');
    expect(team.states(id)).toEqual({
      split: 'succeeded',
      work: 'failed',
      join: 'cancelled',
      'work[0]': 'succeeded',
      'work[1]': 'failed',
      'work[2]': 'cancelled',
    });
    team.lead.call('retry_step', { workflow: id, step: 'work' });
    expect(team.tasks('B').map(task => task.step)).toEqual(['work[1]', 'work[2]']);
    team.finish('B', 'work[2]', 'three');
    team.finish('B', 'work[1]', 'two');
    expect(team.tasks('A')[0]?.task['inputs']).toEqual({ work: ['one', 'two', 'three'] });
  });
});

describe('a step that is a nested workflow', () => {
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

  test('ends like the nested one, with the outputs of its steps', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start(outer);
    team.finish('A', 'begin', 'go');
    expect(team.tasks('A')[0]).toMatchObject({ step: 'one', task: { workflow_inputs: { inputs: { begin: 'go' } } } });
    team.finish('A', 'one', 1);
    team.finish('B', 'two', 2);
    expect(team.tasks('A')[0]).toMatchObject({ step: 'end', task: { inputs: { inner: { one: 1, two: 2 } } } });
    team.finish('A', 'end');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded', ended: 3 });
  });

  test('fails when the nested one does, and is cancelled with its parent', async () => {
    await using team = await Team.of('A', 'B');
    const failing = team.start(outer);
    team.finish('A', 'begin');
    team.fail('A', 'one', 'no');
    expect(team.summary(failing)).toMatchObject({
      status: 'failed',
      reason: 'step "inner" failed: step "one" failed: no',
    });
    const cancelled = team.start(outer);
    team.finish('A', 'begin');
    team.lead.call('cancel_workflow', { workflow: cancelled, reason: 'stop' });
    expect(team.tasks('A')).toEqual([]);
    const inner = team.lab.rows('workflow_state').filter(row => row['type'] === 'inner');
    expect(inner.map(row => row['status'])).toEqual(['failed', 'cancelled']);
  });

  test('has its faults named before any step starts', async () => {
    await using team = await Team.of('A');
    const definition = JSON.stringify({ workflow_type: 'w', steps: [{ id: 'in', action: 'in', workflow: nested }] });
    const id = '019b8e07-4600-7000-8000-0000000000aa';
    expect(team.lead.tryCallText('start_workflow', { id, agent: team.lead.id, definition })).toBe(
      'workflow/bad-definition: step "in": step "two": there is no agent "B"',
    );
  });
});

describe('a workflow that has ended', () => {
  test('is forked from a step on, with the outputs that do not depend on it', async () => {
    await using team = await Team.of('A', 'B');
    const steps = [
      { agent: 'A', action: 'gather' },
      { agent: 'B', action: 'write', depends_on: ['gather'] },
      { agent: 'A', action: 'check', depends_on: ['write'] },
    ];
    const id = team.start(steps);
    team.finish('A', 'gather', 'facts');
    team.finish('B', 'write', 'dull');
    expect(
      team.lead.tryCall('fork_workflow', {
        workflow: id,
        id: '019b8e07-4600-7000-8000-0000000000ab',
        agent: team.lead.id,
        step: 'write',
      }),
    ).toBe('workflow/bad-move');
    team.finish('A', 'check', 'dull indeed');
    const again = '019b8e07-4600-7000-8000-0000000000ac';
    for (let say = 0; say < 2; say++) {
      team.lead.call('fork_workflow', { workflow: id, id: again, agent: team.lead.id, step: 'write' });
    }
    expect(team.states(again)).toEqual({ gather: 'succeeded', write: 'running', check: 'pending' });
    expect(team.tasks('B')[0]?.task['inputs']).toEqual({ gather: 'facts' });
    expect(team.summary(id)).toMatchObject({ status: 'succeeded' });
  });
});
