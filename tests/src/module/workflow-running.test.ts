import { describe, expect, it } from 'vitest';
import { Crew } from '../support/crew.ts';

describe('a step', () => {
  it('of a capability goes to exactly one agent that has it', async () => {
    await using crew = await Crew.of('A:review', 'B:review');
    const id = crew.start([{ capability: 'review', action: 'look' }]);
    const holders = ['A', 'B'].filter(name => crew.tasks(name).length > 0);
    expect(holders).toHaveLength(1);
    crew.finish(holders[0] ?? '', 'look', 'fine');
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded' });
  });

  it('that fails is tried again after a backoff, as often as was said', async () => {
    await using crew = await Crew.of('A');
    const id = crew.start([{ agent: 'A', action: 'try', retries: { attempts: 2, backoff_ms: 1_000 } }]);
    crew.stumble('A', 'try');
    expect(crew.states(id)).toEqual({ try: 'ready' });
    expect(crew.tasks('A')).toEqual([]);
    crew.lab.advance(1_500);
    crew.stumble('A', 'try');
    crew.lab.advance(1_500);
    expect(crew.tasks('A')).toEqual([]);
    crew.lab.advance(1_000);
    crew.stumble('A', 'try', 'once more');
    expect(crew.summary(id)).toMatchObject({ status: 'failed', reason: 'step "try" failed: once more' });
  });

  it('that fails for good is not tried again, whatever its retries', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([
      { agent: 'A', action: 'try', retries: { attempts: 9 }, on_failure: 'continue' },
      { agent: 'B', action: 'then', depends_on: ['try'] },
    ]);
    crew.fail('A', 'try', 'never');
    expect(crew.states(id)).toEqual({ try: 'failed', then: 'running' });
    expect(crew.tasks('B')[0]?.task).toMatchObject({ failures: { try: 'never' } });
  });

  it('without retries of its own is tried as often as any delivery', async () => {
    await using crew = await Crew.of('A');
    const id = crew.start([{ agent: 'A', action: 'try' }]);
    for (let attempt = 1; attempt < 5; attempt++) {
      crew.stumble('A', 'try');
      expect(crew.states(id)).toEqual({ try: 'running' });
      crew.lab.advance(60_000);
    }
    crew.stumble('A', 'try', 'still busy');
    expect(crew.summary(id)).toMatchObject({ status: 'failed', reason: 'step "try" failed: still busy' });
  });

  it('fails once: the same failure said again does nothing', async () => {
    await using crew = await Crew.of('A');
    const id = crew.start([{ agent: 'A', action: 'try', retries: { attempts: 1, backoff_ms: 1_000 } }]);
    const [held] = crew.tasks('A');
    const act = { FailStep: { delivery: held?.delivery, attempt: held?.attempt, error: 'busy', retry: true } };
    crew.worker('A').act(act);
    crew.worker('A').act(act);
    crew.lab.advance(1_500);
    crew.worker('A').act(act);
    crew.finish('A', 'try');
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded' });
    expect(crew.lab.rows('step')).toMatchObject([{ state: 'succeeded', tries: 2, error: '' }]);
  });

  it('whose message an operator calls off has failed, and holds up nothing', async () => {
    await using crew = await Crew.of('A');
    const id = crew.start([{ agent: 'A', action: 'try', retries: { attempts: 9 } }]);
    const message = crew.lab.rows('step')[0]?.['message'];
    crew.lab.owner.call('perform_acts', { acts: [{ Cancel: { agent: 0, message, reason: 'enough' } }] });
    const reason = 'step "try" failed: an operator cancelled the task: enough';
    expect(crew.summary(id)).toMatchObject({ status: 'failed', reason });
  });

  it('that is not done in time is taken back, and says so', async () => {
    await using crew = await Crew.of('A');
    const id = crew.start([{ agent: 'A', action: 'slow', timeout_ms: 5_000 }]);
    crew.lab.advance(4_000);
    expect(crew.tasks('A')).toHaveLength(1);
    crew.lab.advance(1_500);
    expect(crew.worker('A').inbox()).toMatchObject([{ kind: 'cancelled' }]);
    expect(crew.states(id)).toEqual({ slow: 'timed_out' });
    expect(crew.summary(id)).toMatchObject({
      status: 'failed',
      reason: 'step "slow" took too long: it was not done within 5000 ms',
    });
  });

  it('that took too long is tried again, and the time of the first attempt says nothing about the second', async () => {
    await using crew = await Crew.of('A');
    const retries = { attempts: 1, backoff_ms: 1_000 };
    const id = crew.start([{ agent: 'A', action: 'slow', timeout_ms: 5_000, retries }]);
    crew.lab.advance(5_500);
    crew.lab.advance(1_500);
    expect(crew.tasks('A')).toHaveLength(1);
    crew.lab.advance(4_000);
    crew.finish('A', 'slow');
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded' });
  });

  it('whose agent is gone fails, and the workflow says who it was', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([
      { agent: 'A', action: 'first' },
      { agent: 'B', action: 'then', depends_on: ['first'] },
    ]);
    crew.worker('B').call('unregister_agent', { agent: crew.worker('B').id });
    crew.finish('A', 'first');
    expect(crew.summary(id)).toMatchObject({ status: 'failed', reason: 'step "then" failed: agent "B" is gone' });
  });
});

describe('work that nobody is left for', () => {
  const alerts = (crew: Crew) =>
    crew.lab
      .rows('event_log')
      .filter(row => row['type'] === 'system_alert')
      .map(row => JSON.parse(String(row['data'])) as unknown);

  it('is reported in the transaction that takes away the last who could do it, and done by the next who can', async () => {
    await using crew = await Crew.of('A:review', 'B:review');
    const id = crew.start([{ capability: 'review', action: 'look' }]);
    const [holder = '', other = ''] = crew.tasks('A').length > 0 ? ['A', 'B'] : ['B', 'A'];
    crew.worker(other).call('unregister_agent', { agent: crew.worker(other).id });
    expect(alerts(crew)).toEqual([]);
    crew.worker(holder).call('unregister_agent', { agent: crew.worker(holder).id });
    crew.lab.advance(2_000);
    expect(alerts(crew)).toEqual([{ alert: 'queue_deserted', capability: 'review', waiting: 1 }]);
    crew.start([{ capability: 'review', action: 'see' }]);
    expect(alerts(crew)[1]).toEqual({ alert: 'queue_deserted', capability: 'review', waiting: 2 });
    const late = crew.lab.register('Late', { capabilities: ['review'] });
    late.attach();
    expect(late.inbox()).toHaveLength(2);
    expect(crew.states(id)).toEqual({ look: 'running' });
  });
});

describe('the failure of a step', () => {
  const chain = (onFailure: string) => [
    { agent: 'A', action: 'risky', on_failure: onFailure },
    { agent: 'B', action: 'after', depends_on: ['risky'] },
    { agent: 'B', action: 'beside' },
  ];

  it('skips what depends on it, and nothing else, where that was said', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([...chain('skip'), { agent: 'B', action: 'last', depends_on: ['after'] }]);
    crew.fail('A', 'risky');
    expect(crew.states(id)).toEqual({ risky: 'failed', after: 'skipped', beside: 'running', last: 'skipped' });
    crew.finish('B', 'beside');
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded', ended: 4 });
  });

  it('is told to what depends on it, which goes on, where that was said', async () => {
    await using crew = await Crew.of('A', 'B');
    crew.start(chain('continue'));
    crew.fail('A', 'risky', 'no luck');
    const after = crew.tasks('B').find(each => each.step === 'after');
    expect(after?.task).toMatchObject({ inputs: { risky: null }, failures: { risky: 'no luck' } });
  });
});

describe('a step with several dependencies', () => {
  const racers = ['A', 'B', 'C'].map(agent => ({ id: `by${agent}`, agent, action: 'run' }));
  const all = racers.map(each => each.id);

  it('may wait for the first of them: the others are called off in the same commit', async () => {
    await using crew = await Crew.of('A', 'B', 'C', 'D');
    const id = crew.start([...racers, { agent: 'D', action: 'judge', depends_on: all, join: 'any' }]);
    crew.finish('B', 'byB', 'won');
    expect(crew.states(id)).toEqual({ byA: 'cancelled', byB: 'succeeded', byC: 'cancelled', judge: 'running' });
    expect(crew.worker('A').inbox()).toMatchObject([{ kind: 'cancelled' }]);
    expect(crew.tasks('D')[0]?.task['inputs']).toEqual({ byA: null, byB: 'won', byC: null });
    crew.finish('D', 'judge');
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded', ended: 4 });
  });

  it('calls off nobody whom another step still waits for', async () => {
    await using crew = await Crew.of('A', 'B', 'C', 'D');
    const id = crew.start([
      ...racers,
      { agent: 'D', action: 'judge', depends_on: all, join: 'any' },
      { agent: 'D', action: 'count', depends_on: all },
    ]);
    crew.finish('A', 'byA');
    expect(crew.states(id)).toMatchObject({ byB: 'running', byC: 'running', judge: 'running', count: 'pending' });
  });

  it('may wait for so many of them, and is skipped once they cannot be reached', async () => {
    await using crew = await Crew.of('A', 'B', 'C', 'D');
    const tolerant = racers.map(each => ({ ...each, on_failure: 'skip' }));
    const vote = { agent: 'D', action: 'vote', depends_on: all, join: { at_least: 2 } };
    const first = crew.start([...tolerant, vote]);
    crew.fail('A', 'byA');
    crew.finish('B', 'byB');
    expect(crew.states(first)).toMatchObject({ vote: 'pending' });
    crew.finish('C', 'byC');
    expect(crew.states(first)).toMatchObject({ vote: 'running' });
    const second = crew.start([...tolerant, vote]);
    crew.fail('A', 'byA');
    crew.fail('B', 'byB');
    expect(crew.states(second)).toMatchObject({ vote: 'skipped', byC: 'running' });
  });

  it('is run only if its condition holds', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([
      { agent: 'A', action: 'check' },
      {
        id: 'mend',
        agent: 'B',
        action: 'mend',
        depends_on: ['check'],
        when: { step: 'check', output: { path: 'ok', equals: false } },
      },
      {
        id: 'ship',
        agent: 'B',
        action: 'ship',
        depends_on: ['check'],
        when: { step: 'check', output: { path: 'ok', equals: true } },
      },
    ]);
    crew.finish('A', 'check', { ok: true });
    expect(crew.states(id)).toEqual({ check: 'succeeded', mend: 'skipped', ship: 'running' });
  });
});

describe('a race of branches', () => {
  it('calls off whoever worked only for the branch that lost, before it and after it', async () => {
    await using crew = await Crew.of('A', 'B', 'C', 'D');
    const id = crew.start([
      { id: 'a1', agent: 'A', action: 'run' },
      { id: 'b1', agent: 'B', action: 'run' },
      { id: 'shared', agent: 'C', action: 'run' },
      { id: 'a2', agent: 'A', action: 'run', depends_on: ['a1'] },
      { id: 'b2', agent: 'B', action: 'run', depends_on: ['b1', 'shared'] },
      { id: 'judge', agent: 'D', action: 'judge', depends_on: ['a2', 'b2'], join: 'any' },
      { id: 'other', agent: 'D', action: 'read', depends_on: ['shared'] },
    ]);
    crew.finish('A', 'a1');
    crew.finish('A', 'a2');
    expect(crew.states(id)).toMatchObject({ b1: 'cancelled', b2: 'cancelled', shared: 'running', judge: 'running' });
    expect(crew.worker('B').inbox()).toMatchObject([{ kind: 'cancelled' }]);
  });
});

describe('a workflow', () => {
  const pair = [
    { agent: 'A', action: 'first' },
    { agent: 'B', action: 'then', depends_on: ['first'] },
  ];

  it('that is paused gives out nothing, keeps what is done, and goes on where it was', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start(pair);
    crew.lead.call('pause_workflow', { workflow: id });
    crew.finish('A', 'first', 'kept');
    expect(crew.states(id)).toEqual({ first: 'succeeded', then: 'ready' });
    expect(crew.tasks('B')).toEqual([]);
    expect(crew.lead.procedure('why_waiting', { workflow: id, from: 0, limit: 10 })).toEqual([
      ['then', 'ready', 'resume', [], 0],
    ]);
    crew.lead.call('resume_workflow', { workflow: id });
    expect(crew.tasks('B')[0]?.task['inputs']).toEqual({ first: 'kept' });
  });

  it('that is called off takes back what is offered, and hears no late answer', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start(pair);
    const [held] = crew.tasks('A');
    crew.lead.call('cancel_workflow', { workflow: id, reason: 'not needed' });
    expect(crew.states(id)).toEqual({ first: 'cancelled', then: 'cancelled' });
    expect(crew.summary(id)).toMatchObject({ status: 'cancelled', reason: 'not needed', ended: 2 });
    const late = { delivery: held?.delivery, attempt: 1, output: '1' };
    expect(crew.worker('A').tryAct({ FinishStep: late })).toEqual(['delivery/cancelled']);
    expect(crew.lead.tryCall('resume_workflow', { workflow: id })).toBe('workflow/bad-move');
  });

  it('that failed goes on from a step that is done again; what succeeded is not', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([...pair, { agent: 'A', action: 'last', depends_on: ['then'] }]);
    crew.finish('A', 'first', 1);
    crew.fail('B', 'then');
    expect(crew.states(id)).toEqual({ first: 'succeeded', then: 'failed', last: 'cancelled' });
    crew.lead.call('retry_step', { workflow: id, step: 'then' });
    expect(crew.summary(id)).toMatchObject({ status: 'running', ended: 1, reason: '' });
    crew.finish('B', 'then', 2);
    crew.finish('A', 'last', 3);
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded', ended: 3 });
    expect(crew.lead.tryCall('retry_step', { workflow: id, step: 'then' })).toBe('workflow/bad-move');
  });

  it('fails when its time is over', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start(pair, { deadline_ms: 10_000 });
    crew.lab.advance(10_500);
    expect(crew.summary(id)).toMatchObject({ status: 'failed', reason: 'its time was over', ended: 2 });
  });

  it('is steered by whoever started it, and operators', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start(pair);
    expect(crew.worker('A').tryCall('pause_workflow', { workflow: id })).toBe('workflow/not-yours');
    const stranger = crew.lab.register('Stranger');
    expect(stranger.tryCall('cancel_workflow', { workflow: id, reason: '' })).toBe('workflow/unknown');
    crew.lab.owner.call('pause_workflow', { workflow: id });
    expect(crew.summary(id)).toMatchObject({ status: 'paused' });
  });

  it('says of each step what it waits for, and whom', async () => {
    await using crew = await Crew.of('A', 'B:review');
    const id = crew.start([...pair, { capability: 'review', action: 'look' }, { capability: 'review', action: 'see' }]);
    crew.worker('A').leave();
    const why = () => crew.lead.procedure('why_waiting', { workflow: id, from: 0, limit: 10 }) as unknown[][];
    expect(why().map(row => row.slice(0, 4))).toEqual([
      ['first', 'running', 'answer', ['A']],
      ['then', 'pending', 'steps', ['first']],
      ['look', 'running', 'answer', ['B']],
      ['see', 'running', 'answer', ['B']],
    ]);
    crew.worker('B').leave();
    crew.lab.advance(10_000);
    expect(why().map(row => row[2])).toEqual(['agent', 'steps', 'queue', 'queue']);
    expect(why()[2]?.[3]).toEqual(['@review']);
  });
});
