import { describe, expect, test } from 'vitest';
import { Team } from '../support/team.ts';

describe('a step', () => {
  test('of a capability goes to exactly one agent that has it', async () => {
    await using team = await Team.of('A:review', 'B:review');
    const id = team.start([{ capability: 'review', action: 'look' }]);
    const holders = ['A', 'B'].filter(name => team.tasks(name).length > 0);
    expect(holders).toHaveLength(1);
    team.finish(holders[0] ?? '', 'look', 'fine');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded' });
  });

  test('that fails is retried after a backoff, as often as defined', async () => {
    await using team = await Team.of('A');
    const id = team.start([{ agent: 'A', action: 'try', retries: { attempts: 2, backoff_ms: 1_000 } }]);
    team.failWithRetry('A', 'try');
    expect(team.states(id)).toEqual({ try: 'ready' });
    expect(team.tasks('A')).toEqual([]);
    team.lab.advance(1_500);
    team.failWithRetry('A', 'try');
    team.lab.advance(1_500);
    expect(team.tasks('A')).toEqual([]);
    team.lab.advance(1_000);
    team.failWithRetry('A', 'try', 'once more');
    expect(team.summary(id)).toMatchObject({ status: 'failed', reason: 'step "try" failed: once more' });
  });

  test('that fails permanently is not retried, whatever its retries', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([
      { agent: 'A', action: 'try', retries: { attempts: 9 }, on_failure: 'continue' },
      { agent: 'B', action: 'then', depends_on: ['try'] },
    ]);
    team.fail('A', 'try', 'never');
    expect(team.states(id)).toEqual({ try: 'failed', then: 'running' });
    expect(team.tasks('B')[0]?.task).toMatchObject({ failures: { try: 'never' } });
  });

  test('without retries is retried as often as any delivery', async () => {
    await using team = await Team.of('A');
    const id = team.start([{ agent: 'A', action: 'try' }]);
    for (let attempt = 1; attempt < 5; attempt++) {
      team.failWithRetry('A', 'try');
      expect(team.states(id)).toEqual({ try: 'running' });
      team.lab.advance(60_000);
    }
    team.failWithRetry('A', 'try', 'still busy');
    expect(team.summary(id)).toMatchObject({ status: 'failed', reason: 'step "try" failed: still busy' });
  });

  test('fails once: the same failure again is a no-op', async () => {
    await using team = await Team.of('A');
    const id = team.start([{ agent: 'A', action: 'try', retries: { attempts: 1, backoff_ms: 1_000 } }]);
    const [held] = team.tasks('A');
    const act = { FailStep: { delivery: held?.delivery, attempt: held?.attempt, error: 'busy', retry: true } };
    team.worker('A').act(act);
    team.worker('A').act(act);
    team.lab.advance(1_500);
    team.worker('A').act(act);
    team.finish('A', 'try');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded' });
    expect(team.lab.rows('step')).toMatchObject([{ state: 'succeeded', tries: 2, error: '' }]);
  });

  test('whose message an operator cancels has failed, and does not block others', async () => {
    await using team = await Team.of('A');
    const id = team.start([{ agent: 'A', action: 'try', retries: { attempts: 9 } }]);
    const message = team.lab.rows('step')[0]?.['message'];
    team.lab.owner.call('perform_acts', { acts: [{ Cancel: { agent: 0, message, reason: 'enough' } }] });
    const reason = 'step "try" failed: an operator cancelled the task: enough';
    expect(team.summary(id)).toMatchObject({ status: 'failed', reason });
  });

  test('that times out is taken back, with the reason', async () => {
    await using team = await Team.of('A');
    const id = team.start([{ agent: 'A', action: 'slow', timeout_ms: 5_000 }]);
    team.lab.advance(4_000);
    expect(team.tasks('A')).toHaveLength(1);
    team.lab.advance(1_500);
    expect(team.worker('A').inbox()).toMatchObject([{ kind: 'cancelled' }]);
    expect(team.states(id)).toEqual({ slow: 'timed_out' });
    expect(team.summary(id)).toMatchObject({
      status: 'failed',
      reason: 'step "slow" took too long: it was not done within 5000 ms',
    });
  });

  test('that timed out is retried, and the timeout of the first attempt does not affect the second', async () => {
    await using team = await Team.of('A');
    const retries = { attempts: 1, backoff_ms: 1_000 };
    const id = team.start([{ agent: 'A', action: 'slow', timeout_ms: 5_000, retries }]);
    team.lab.advance(5_500);
    team.lab.advance(1_500);
    expect(team.tasks('A')).toHaveLength(1);
    team.lab.advance(4_000);
    team.finish('A', 'slow');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded' });
  });

  test('whose agent is unregistered fails, and the workflow names the agent', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([
      { agent: 'A', action: 'first' },
      { agent: 'B', action: 'then', depends_on: ['first'] },
    ]);
    team.worker('B').call('unregister_agent', { agent: team.worker('B').id });
    team.finish('A', 'first');
    expect(team.summary(id)).toMatchObject({
      status: 'failed',
      reason: 'step "then" failed: agent "B" is unregistered',
    });
  });
});

describe('a step without a capable agent', () => {
  const alerts = (team: Team) =>
    team.lab
      .rows('event_log')
      .filter(row => row['type'] === 'system_alert')
      .map(row => JSON.parse(String(row['data'])) as unknown);

  test('is reported in the transaction that removes the last capable agent, and is assigned to the next', async () => {
    await using team = await Team.of('A:review', 'B:review');
    const id = team.start([{ capability: 'review', action: 'look' }]);
    const [holder = '', other = ''] = team.tasks('A').length > 0 ? ['A', 'B'] : ['B', 'A'];
    team.worker(other).call('unregister_agent', { agent: team.worker(other).id });
    expect(alerts(team)).toEqual([]);
    team.worker(holder).call('unregister_agent', { agent: team.worker(holder).id });
    team.lab.advance(2_000);
    expect(alerts(team)).toEqual([{ alert: 'queue_deserted', capability: 'review', waiting: 1 }]);
    team.start([{ capability: 'review', action: 'see' }]);
    expect(alerts(team)[1]).toEqual({ alert: 'queue_deserted', capability: 'review', waiting: 2 });
    const late = team.lab.register('Late', { capabilities: ['review'] });
    late.attach();
    expect(late.inbox()).toHaveLength(2);
    expect(team.states(id)).toEqual({ look: 'running' });
  });
});

describe('the failure of a step', () => {
  const chain = (onFailure: string) => [
    { agent: 'A', action: 'risky', on_failure: onFailure },
    { agent: 'B', action: 'after', depends_on: ['risky'] },
    { agent: 'B', action: 'beside' },
  ];

  test('skips its dependents only, if it is defined so', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([...chain('skip'), { agent: 'B', action: 'last', depends_on: ['after'] }]);
    team.fail('A', 'risky');
    expect(team.states(id)).toEqual({ risky: 'failed', after: 'skipped', beside: 'running', last: 'skipped' });
    team.finish('B', 'beside');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded', ended: 4 });
  });

  test('is passed to its dependents, which continue, if it is defined so', async () => {
    await using team = await Team.of('A', 'B');
    team.start(chain('continue'));
    team.fail('A', 'risky', 'no luck');
    const after = team.tasks('B').find(each => each.step === 'after');
    expect(after?.task).toMatchObject({ inputs: { risky: null }, failures: { risky: 'no luck' } });
  });
});

describe('a step with several dependencies', () => {
  const racers = ['A', 'B', 'C'].map(agent => ({ id: `by${agent}`, agent, action: 'run' }));
  const all = racers.map(each => each.id);

  test('may wait for the first of them: the others are cancelled in the same commit', async () => {
    await using team = await Team.of('A', 'B', 'C', 'D');
    const id = team.start([...racers, { agent: 'D', action: 'judge', depends_on: all, join: 'any' }]);
    team.finish('B', 'byB', 'won');
    expect(team.states(id)).toEqual({ byA: 'cancelled', byB: 'succeeded', byC: 'cancelled', judge: 'running' });
    expect(team.worker('A').inbox()).toMatchObject([{ kind: 'cancelled' }]);
    expect(team.tasks('D')[0]?.task['inputs']).toEqual({ byA: null, byB: 'won', byC: null });
    team.finish('D', 'judge');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded', ended: 4 });
  });

  test('does not cancel a dependency that another step still waits for', async () => {
    await using team = await Team.of('A', 'B', 'C', 'D');
    const id = team.start([
      ...racers,
      { agent: 'D', action: 'judge', depends_on: all, join: 'any' },
      { agent: 'D', action: 'count', depends_on: all },
    ]);
    team.finish('A', 'byA');
    expect(team.states(id)).toMatchObject({ byB: 'running', byC: 'running', judge: 'running', count: 'pending' });
  });

  test('may wait for a number of them, and is skipped once they cannot be reached', async () => {
    await using team = await Team.of('A', 'B', 'C', 'D');
    const tolerant = racers.map(each => ({ ...each, on_failure: 'skip' }));
    const vote = { agent: 'D', action: 'vote', depends_on: all, join: { at_least: 2 } };
    const first = team.start([...tolerant, vote]);
    team.fail('A', 'byA');
    team.finish('B', 'byB');
    expect(team.states(first)).toMatchObject({ vote: 'pending' });
    team.finish('C', 'byC');
    expect(team.states(first)).toMatchObject({ vote: 'running' });
    const second = team.start([...tolerant, vote]);
    team.fail('A', 'byA');
    team.fail('B', 'byB');
    expect(team.states(second)).toMatchObject({ vote: 'skipped', byC: 'running' });
  });

  test('is run only if its condition holds', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([
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
    team.finish('A', 'check', { ok: true });
    expect(team.states(id)).toEqual({ check: 'succeeded', mend: 'skipped', ship: 'running' });
  });
});

describe('a race of branches', () => {
  test('cancels all steps that only the losing branch needs, before it and after it', async () => {
    await using team = await Team.of('A', 'B', 'C', 'D');
    const id = team.start([
      { id: 'a1', agent: 'A', action: 'run' },
      { id: 'b1', agent: 'B', action: 'run' },
      { id: 'shared', agent: 'C', action: 'run' },
      { id: 'a2', agent: 'A', action: 'run', depends_on: ['a1'] },
      { id: 'b2', agent: 'B', action: 'run', depends_on: ['b1', 'shared'] },
      { id: 'judge', agent: 'D', action: 'judge', depends_on: ['a2', 'b2'], join: 'any' },
      { id: 'other', agent: 'D', action: 'read', depends_on: ['shared'] },
    ]);
    team.finish('A', 'a1');
    team.finish('A', 'a2');
    expect(team.states(id)).toMatchObject({ b1: 'cancelled', b2: 'cancelled', shared: 'running', judge: 'running' });
    expect(team.worker('B').inbox()).toMatchObject([{ kind: 'cancelled' }]);
  });
});

describe('a workflow', () => {
  const pair = [
    { agent: 'A', action: 'first' },
    { agent: 'B', action: 'then', depends_on: ['first'] },
  ];

  test('that is paused assigns nothing, keeps finished steps, and continues where it was', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start(pair);
    team.lead.call('pause_workflow', { workflow: id });
    team.finish('A', 'first', 'kept');
    expect(team.states(id)).toEqual({ first: 'succeeded', then: 'ready' });
    expect(team.tasks('B')).toEqual([]);
    expect(team.lead.procedure('why_waiting', { workflow: id, from: 0, limit: 10 })).toEqual([
      ['then', 'ready', 'resume', [], 0],
    ]);
    team.lead.call('resume_workflow', { workflow: id });
    expect(team.tasks('B')[0]?.task['inputs']).toEqual({ first: 'kept' });
  });

  test('that is cancelled takes back its deliveries, and ignores late answers', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start(pair);
    const [held] = team.tasks('A');
    team.lead.call('cancel_workflow', { workflow: id, reason: 'not needed' });
    expect(team.states(id)).toEqual({ first: 'cancelled', then: 'cancelled' });
    expect(team.summary(id)).toMatchObject({ status: 'cancelled', reason: 'not needed', ended: 2 });
    const late = { delivery: held?.delivery, attempt: 1, output: '1' };
    expect(team.worker('A').tryAct({ FinishStep: late })).toEqual(['delivery/cancelled']);
    expect(team.lead.tryCall('resume_workflow', { workflow: id })).toBe('workflow/bad-move');
  });

  test('that failed continues from a retried step; succeeded steps do not run again', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([...pair, { agent: 'A', action: 'last', depends_on: ['then'] }]);
    team.finish('A', 'first', 1);
    team.fail('B', 'then');
    expect(team.states(id)).toEqual({ first: 'succeeded', then: 'failed', last: 'cancelled' });
    team.lead.call('retry_step', { workflow: id, step: 'then' });
    expect(team.summary(id)).toMatchObject({ status: 'running', ended: 1, reason: '' });
    team.finish('B', 'then', 2);
    team.finish('A', 'last', 3);
    expect(team.summary(id)).toMatchObject({ status: 'succeeded', ended: 3 });
    expect(team.lead.tryCall('retry_step', { workflow: id, step: 'then' })).toBe('workflow/bad-move');
  });

  test('fails when its deadline is over', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start(pair, { deadline_ms: 10_000 });
    team.lab.advance(10_500);
    expect(team.summary(id)).toMatchObject({ status: 'failed', reason: 'its deadline has passed', ended: 2 });
  });

  test('is steered by its initiator and by operators', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start(pair);
    expect(team.worker('A').tryCall('pause_workflow', { workflow: id })).toBe('workflow/not-yours');
    const stranger = team.lab.register('Stranger');
    expect(stranger.tryCall('cancel_workflow', { workflow: id, reason: '' })).toBe('workflow/unknown');
    team.lab.owner.call('pause_workflow', { workflow: id });
    expect(team.summary(id)).toMatchObject({ status: 'paused' });
  });

  test('reports for each step the reason of its wait, and the agent', async () => {
    await using team = await Team.of('A', 'B:review');
    const id = team.start([...pair, { capability: 'review', action: 'look' }, { capability: 'review', action: 'see' }]);
    team.worker('A').leave();
    const why = () => team.lead.procedure('why_waiting', { workflow: id, from: 0, limit: 10 }) as unknown[][];
    expect(why().map(row => row.slice(0, 4))).toEqual([
      ['first', 'running', 'answer', ['A']],
      ['then', 'pending', 'steps', ['first']],
      ['look', 'running', 'answer', ['B']],
      ['see', 'running', 'answer', ['B']],
    ]);
    team.worker('B').leave();
    team.lab.advance(20_000);
    expect(why().map(row => row[2])).toEqual(['agent', 'steps', 'queue', 'queue']);
    expect(why()[2]?.[3]).toEqual(['@review']);
  });
});
