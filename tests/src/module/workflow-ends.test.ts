// What is left of steps that have ended: their order, their undoing, their bytes; and who is asked when an approver has gone.

import { describe, expect, it } from 'vitest';
import { Crew } from '../support/crew.ts';
import { uuidAt } from '../support/module-lab.ts';

const undo = (name: string) => ({ compensate: { action: `undo_${name}` } });

/** What is undone, in the order in which it is, when a workflow is called off. */
function undoAll(crew: Crew, workflow: string): string[] {
  crew.lead.call('cancel_workflow', { workflow, reason: '' });
  const order: string[] = [];
  for (let held = crew.tasks('A')[0]; held; held = crew.tasks('A')[0]) {
    order.push(held.step);
    crew.finish('A', held.step);
  }
  expect(crew.summary(workflow)).toMatchObject({ status: 'cancelled' });
  return order;
}

describe('the order in which steps have ended', () => {
  const three = ['y', 'z', 'x'].map(id => ({ id, agent: 'A', action: 'do', on_failure: 'continue', ...undo(id) }));
  const open = { id: 'open', agent: 'B', action: 'do' };

  it('is that of their last lives: what was done again is undone first', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([...three, open]);
    crew.fail('A', 'x');
    crew.finish('A', 'y');
    crew.finish('A', 'z');
    crew.lead.call('retry_step', { workflow: id, step: 'x' });
    crew.finish('A', 'x');
    expect(undoAll(crew, id)).toEqual(['x', 'z', 'y']);
  });

  it('is taken over by a fork', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([open, ...three, { id: 'more', agent: 'A', action: 'do', ...undo('more') }]);
    for (const step of ['z', 'x', 'y', 'more']) crew.finish('A', step);
    crew.finish('B', 'open');
    const fork = uuidAt(crew.lab.nowMs, 77);
    crew.lead.call('fork_workflow', { workflow: id, id: fork, agent: crew.lead.id, step: 'more' });
    crew.finish('A', 'more');
    expect(crew.summary(fork)).toMatchObject({ status: 'succeeded' });
    const ends = crew.lab.rows('step').filter(row => row['workflow'] === fork);
    ends.sort((a, b) => Number(a['order']) - Number(b['order']));
    expect(ends.map(row => row['name'])).toEqual(['z', 'x', 'y', 'open', 'more']);
    expect(ends.map(row => row['order'])).toEqual([1, 2, 3, 4, 5]);
  });

  it('is that in which they came, also within one transaction', async () => {
    await using crew = await Crew.of('A', 'B');
    const never = { when: { step: 'first', status: 'failed' } };
    const id = crew.start([
      { id: 'first', agent: 'A', action: 'do' },
      { id: 'after-right', agent: 'A', action: 'do', depends_on: ['right'] },
      { id: 'after-left', agent: 'A', action: 'do', depends_on: ['left'] },
      { id: 'left', agent: 'A', action: 'do', depends_on: ['first'], ...never },
      { id: 'right', agent: 'A', action: 'do', depends_on: ['first'], ...never },
    ]);
    crew.finish('A', 'first');
    const rows = crew.lab.rows('step').sort((a, b) => Number(a['order']) - Number(b['order']));
    expect(rows.map(row => row['name'])).toEqual(['first', 'left', 'right', 'after-left', 'after-right']);
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded' });
  });

  it('goes with why a step was skipped, or called off', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([
      { id: 'first', agent: 'A', action: 'do', on_failure: 'skip' },
      { id: 'if', agent: 'A', action: 'do', depends_on: ['open'], when: { step: 'open', status: 'failed' } },
      { id: 'then', agent: 'A', action: 'do', depends_on: ['first'] },
      { ...open, on_failure: 'continue' },
      { id: 'rest', agent: 'B', action: 'do' },
    ]);
    crew.fail('A', 'first');
    crew.finish('B', 'open');
    crew.lead.call('cancel_workflow', { workflow: id, reason: 'enough' });
    expect(crew.lab.rows('step').map(row => row['error'])).toEqual([
      'broken',
      'its condition does not hold',
      'too few of the steps it depends on ended well',
      '',
      'enough',
    ]);
  });
});

describe('what undoes a step', () => {
  it('may take no longer than was said, and then the next is undone', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([
      { id: 'x', agent: 'A', action: 'do', ...undo('x') },
      { id: 'y', agent: 'A', action: 'do', compensate: { action: 'undo_y', agent: 'B', timeout_ms: 5_000 } },
      { id: 'open', agent: 'B', action: 'do' },
    ]);
    crew.finish('A', 'x');
    crew.finish('A', 'y');
    crew.lead.call('cancel_workflow', { workflow: id, reason: '' });
    expect(crew.tasks('A')).toEqual([]);
    crew.lab.advance(5_500);
    expect(crew.worker('B').inbox()).toMatchObject([{ kind: 'cancelled' }, { kind: 'cancelled' }]);
    expect(crew.tasks('A')[0]?.task).toMatchObject({ action: 'undo_x' });
    crew.finish('A', 'x');
    expect(crew.summary(id)).toMatchObject({ status: 'cancelled' });
    expect(crew.lab.rows('step').map(row => [row['undo'], row['error']])).toEqual([
      ['done', ''],
      ['failed', 'it was not done within 5000 ms'],
      ['', ''],
    ]);
  });

  it('is called off once, however often that is said', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([
      { id: 'x', agent: 'A', action: 'do', ...undo('x') },
      { id: 'open', agent: 'B', action: 'do' },
    ]);
    crew.finish('A', 'x');
    for (let say = 0; say < 3; say++) crew.lead.call('cancel_workflow', { workflow: id, reason: 'rain' });
    expect(crew.tasks('A')).toHaveLength(1);
    expect(crew.summary(id)).toMatchObject({ status: 'compensating', reason: 'rain' });
  });
});

describe('a step that is done again', () => {
  it('is waited for again by what was being agreed to, whose question is taken back', async () => {
    await using crew = await Crew.of('A', 'B', 'Boss');
    const id = crew.start([
      { id: 'draft', agent: 'A', action: 'do', on_failure: 'continue' },
      { id: 'ship', agent: 'B', action: 'do', depends_on: ['draft'], approval: { by: 'Boss' } },
    ]);
    crew.fail('A', 'draft');
    const approve = { workflow: id, step: 'ship', comment: '' };
    expect(crew.states(id)).toEqual({ draft: 'failed', ship: 'ready' });
    crew.lead.call('retry_step', { workflow: id, step: 'draft' });
    expect(crew.states(id)).toEqual({ draft: 'running', ship: 'pending' });
    expect(crew.worker('Boss').tryCall('approve_step', approve)).toBe('workflow/no-approval');
    crew.finish('A', 'draft', 'better');
    crew.worker('Boss').call('approve_step', approve);
    expect(crew.tasks('B')[0]?.task['inputs']).toEqual({ draft: 'better' });
  });

  it('is waited for again by what was to be tried again', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([
      { id: 'draft', agent: 'A', action: 'do', on_failure: 'continue' },
      { id: 'ship', agent: 'B', action: 'do', depends_on: ['draft'], retries: { attempts: 1, backoff_ms: 1_000 } },
    ]);
    crew.fail('A', 'draft');
    crew.stumble('B', 'ship');
    crew.lead.call('retry_step', { workflow: id, step: 'draft' });
    crew.lab.advance(2_000);
    expect(crew.states(id)).toEqual({ draft: 'running', ship: 'pending' });
    crew.finish('A', 'draft', 'better');
    expect(crew.tasks('B')[0]?.task['inputs']).toEqual({ draft: 'better' });
  });
});

describe('a step whose approver goes', () => {
  const gated = (approval: object) => [{ agent: 'A', action: 'do', approval }];
  const gone = (crew: Crew, name: string) => {
    crew.worker(name).call('unregister_agent', { agent: crew.worker(name).id });
    crew.lab.advance(500);
  };

  it('is put to the next at once', async () => {
    await using crew = await Crew.of('A', 'Boss', 'Owner');
    const id = crew.start(gated({ by: 'Boss', escalate_to: 'Owner' }));
    gone(crew, 'Boss');
    crew.worker('Owner').call('approve_step', { workflow: id, step: 'do', comment: '' });
    expect(crew.states(id)).toEqual({ do: 'running' });
  });

  it('fails when nobody is left to ask', async () => {
    await using crew = await Crew.of('A', 'Boss', 'Owner');
    const id = crew.start(gated({ by: 'Boss', escalate_to: 'Owner' }));
    gone(crew, 'Owner');
    expect(crew.states(id)).toEqual({ do: 'ready' });
    gone(crew, 'Boss');
    expect(crew.summary(id)).toMatchObject({
      status: 'failed',
      reason: 'step "do" failed: its approver is unregistered',
    });
  });

  it('waits on while the approver only does not listen, and everybody is told', async () => {
    await using crew = await Crew.of('A', 'Boss');
    const id = crew.start(gated({ by: 'Boss' }));
    crew.lab.advance(10 * 60_000);
    const alerts = crew.lab.rows('event_log').filter(row => row['type'] === 'system_alert');
    expect(alerts.map(row => JSON.parse(String(row['data'])) as unknown)).toEqual([
      { alert: 'approval_unheard', workflow_id: id, step: 'do', agent: 'Boss' },
    ]);
    crew.worker('Boss').call('approve_step', { workflow: id, step: 'do', comment: '' });
    expect(crew.states(id)).toEqual({ do: 'running' });
  });
});

describe('the bytes of a workflow', () => {
  const bytes = (crew: Crew) => Number(crew.lab.rows('tally')[0]?.['bytes']);
  const events = (crew: Crew) =>
    [...crew.lab.rows('event_log'), ...crew.lab.rows('message')]
      .map(row => String(row['data'] ?? row['payload']).length)
      .reduce((sum, length) => sum + length, 0);
  const workflows = (crew: Crew) => bytes(crew) - events(crew);

  it('count as stored, and are given back when it is forgotten', async () => {
    await using crew = await Crew.of('A', 'B');
    crew.lab.owner.call('set_hub_limits', { keepWorkflowsMs: 60_000 });
    const steps = [
      { agent: 'A', action: 'split' },
      { agent: 'B', action: 'each', depends_on: ['split'], for_each: { step: 'split' } },
    ];
    const id = crew.start(steps);
    const definition = JSON.stringify({ workflow_type: 'test', steps }).length;
    expect(workflows(crew)).toBe(definition);
    crew.finish('A', 'split', ['ab', 'cd']);
    expect(workflows(crew)).toBe(definition + '["ab","cd"]'.length + '"ab""cd"'.length);
    crew.finish('B', 'each[0]', 'x'.repeat(1_000));
    crew.finish('B', 'each[1]', 1);
    const output = 1_002 + 1;
    expect(workflows(crew)).toBe(definition + 11 + 8 + output + (output + 3));
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded' });
    crew.lab.advance(61_000);
    expect(crew.lab.rows('workflow')).toEqual([]);
    expect(workflows(crew)).toBe(0);
  });

  it('are given back by what is done again, and a full hub takes no new workflow', async () => {
    await using crew = await Crew.of('A');
    const steps = [{ agent: 'A', action: 'do', on_failure: 'continue' }];
    const id = crew.start(steps);
    const before = workflows(crew);
    crew.fail('A', 'do');
    crew.lead.call('retry_step', { workflow: id, step: 'do' });
    expect(workflows(crew)).toBe(before);
    crew.lab.owner.call('set_hub_limits', { storedBytes: bytes(crew) + 10 });
    const definition = JSON.stringify({ workflow_type: 'test', steps });
    const start = { id: uuidAt(crew.lab.nowMs, 77), agent: crew.lead.id, definition };
    expect(crew.lead.tryCall('start_workflow', start)).toBe('quota/stored-bytes');
  });
});
