// Ended steps: their order, compensation and bytes; and the approver of a question when one was unregistered.

import { LIMITS, ROW_BYTES } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { Team } from '../support/team.ts';
import { uuidAt } from '../support/module-lab.ts';
import { storedBytes } from './stored-bytes.ts';

const undo = (name: string) => ({ compensate: { action: `undo_${name}` } });

/** The compensated steps, in their order, when a workflow is cancelled. */
function undoAll(team: Team, workflow: string): string[] {
  team.lead.call('cancel_workflow', { workflow, reason: '' });
  const order: string[] = [];
  for (let held = team.tasks('A')[0]; held; held = team.tasks('A')[0]) {
    order.push(held.step);
    team.finish('A', held.step);
  }
  expect(team.summary(workflow)).toMatchObject({ status: 'cancelled' });
  return order;
}

describe('the order in which steps have ended', () => {
  const three = ['y', 'z', 'x'].map(id => ({ id, agent: 'A', action: 'do', on_failure: 'continue', ...undo(id) }));
  const open = { id: 'open', agent: 'B', action: 'do' };

  test('is that of their last runs: a retried step is compensated first', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([...three, open]);
    team.fail('A', 'x');
    team.finish('A', 'y');
    team.finish('A', 'z');
    team.lead.call('retry_step', { workflow: id, step: 'x' });
    team.finish('A', 'x');
    expect(undoAll(team, id)).toEqual(['x', 'z', 'y']);
  });

  test('is taken over by a fork', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([open, ...three, { id: 'more', agent: 'A', action: 'do', ...undo('more') }]);
    for (const step of ['z', 'x', 'y', 'more']) team.finish('A', step);
    team.finish('B', 'open');
    const fork = uuidAt(team.lab.nowMs, 77);
    team.lead.call('fork_workflow', { workflow: id, id: fork, agent: team.lead.id, step: 'more' });
    team.finish('A', 'more');
    expect(team.summary(fork)).toMatchObject({ status: 'succeeded' });
    const ends = team.lab.rows('step').filter(row => row['workflow'] === fork);
    ends.sort((a, b) => Number(a['order']) - Number(b['order']));
    expect(ends.map(row => row['name'])).toEqual(['z', 'x', 'y', 'open', 'more']);
    expect(ends.map(row => row['order'])).toEqual([1, 2, 3, 4, 5]);
  });

  test('is the order in which they ended, also within one transaction', async () => {
    await using team = await Team.of('A', 'B');
    const never = { when: { step: 'first', status: 'failed' } };
    const id = team.start([
      { id: 'first', agent: 'A', action: 'do' },
      { id: 'after-right', agent: 'A', action: 'do', depends_on: ['right'] },
      { id: 'after-left', agent: 'A', action: 'do', depends_on: ['left'] },
      { id: 'left', agent: 'A', action: 'do', depends_on: ['first'], ...never },
      { id: 'right', agent: 'A', action: 'do', depends_on: ['first'], ...never },
    ]);
    team.finish('A', 'first');
    const rows = team.lab.rows('step').sort((a, b) => Number(a['order']) - Number(b['order']));
    expect(rows.map(row => row['name'])).toEqual(['first', 'left', 'right', 'after-left', 'after-right']);
    expect(team.summary(id)).toMatchObject({ status: 'succeeded' });
  });

  test('includes the reason why a step was skipped or cancelled', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([
      { id: 'first', agent: 'A', action: 'do', on_failure: 'skip' },
      { id: 'if', agent: 'A', action: 'do', depends_on: ['open'], when: { step: 'open', status: 'failed' } },
      { id: 'then', agent: 'A', action: 'do', depends_on: ['first'] },
      { ...open, on_failure: 'continue' },
      { id: 'rest', agent: 'B', action: 'do' },
    ]);
    team.fail('A', 'first');
    team.finish('B', 'open');
    team.lead.call('cancel_workflow', { workflow: id, reason: 'enough' });
    expect(team.lab.rows('step').map(row => row['error'])).toEqual([
      'broken',
      'its condition does not hold',
      'too few of the steps it depends on ended well',
      '',
      'enough',
    ]);
  });
});

describe('a compensation', () => {
  test('may take the given time at most, and then the next step is compensated', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([
      { id: 'x', agent: 'A', action: 'do', ...undo('x') },
      { id: 'y', agent: 'A', action: 'do', compensate: { action: 'undo_y', agent: 'B', timeout_ms: 5_000 } },
      { id: 'open', agent: 'B', action: 'do' },
    ]);
    team.finish('A', 'x');
    team.finish('A', 'y');
    team.lead.call('cancel_workflow', { workflow: id, reason: '' });
    expect(team.tasks('A')).toEqual([]);
    team.lab.advance(5_500);
    expect(team.worker('B').inbox()).toMatchObject([{ kind: 'cancelled' }, { kind: 'cancelled' }]);
    expect(team.tasks('A')[0]?.task).toMatchObject({ action: 'undo_x' });
    team.finish('A', 'x');
    expect(team.summary(id)).toMatchObject({ status: 'cancelled' });
    expect(team.lab.rows('step').map(row => [row['undo'], row['error']])).toEqual([
      ['done', ''],
      ['failed', 'it was not done within 5000 ms'],
      ['', ''],
    ]);
  });

  test('is requested once, however often the workflow is cancelled', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([
      { id: 'x', agent: 'A', action: 'do', ...undo('x') },
      { id: 'open', agent: 'B', action: 'do' },
    ]);
    team.finish('A', 'x');
    for (let say = 0; say < 3; say++) team.lead.call('cancel_workflow', { workflow: id, reason: 'rain' });
    expect(team.tasks('A')).toHaveLength(1);
    expect(team.summary(id)).toMatchObject({ status: 'compensating', reason: 'rain' });
  });
});

describe('a retried step', () => {
  test('is awaited again by a step with an open approval, whose question is withdrawn', async () => {
    await using team = await Team.of('A', 'B', 'Boss');
    const id = team.start([
      { id: 'draft', agent: 'A', action: 'do', on_failure: 'continue' },
      { id: 'ship', agent: 'B', action: 'do', depends_on: ['draft'], approval: { by: 'Boss' } },
    ]);
    team.fail('A', 'draft');
    const approve = { workflow: id, step: 'ship', comment: '' };
    expect(team.states(id)).toEqual({ draft: 'failed', ship: 'ready' });
    team.lead.call('retry_step', { workflow: id, step: 'draft' });
    expect(team.states(id)).toEqual({ draft: 'running', ship: 'pending' });
    expect(team.worker('Boss').tryCall('approve_step', approve)).toBe('workflow/no-approval');
    team.finish('A', 'draft', 'better');
    team.worker('Boss').call('approve_step', approve);
    expect(team.tasks('B')[0]?.task['inputs']).toEqual({ draft: 'better' });
  });

  test('is awaited again by a step that was about to be retried', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([
      { id: 'draft', agent: 'A', action: 'do', on_failure: 'continue' },
      { id: 'ship', agent: 'B', action: 'do', depends_on: ['draft'], retries: { attempts: 1, backoff_ms: 1_000 } },
    ]);
    team.fail('A', 'draft');
    team.failWithRetry('B', 'ship');
    team.lead.call('retry_step', { workflow: id, step: 'draft' });
    team.lab.advance(2_000);
    expect(team.states(id)).toEqual({ draft: 'running', ship: 'pending' });
    team.finish('A', 'draft', 'better');
    expect(team.tasks('B')[0]?.task['inputs']).toEqual({ draft: 'better' });
  });
});

describe('a step whose approver is unregistered', () => {
  const gated = (approval: object) => [{ agent: 'A', action: 'do', approval }];
  const unregister = (team: Team, name: string) => {
    team.worker(name).call('unregister_agent', { agent: team.worker(name).id });
    team.lab.advance(500);
  };

  test('is put to the next approver immediately', async () => {
    await using team = await Team.of('A', 'Boss', 'Owner');
    const id = team.start(gated({ by: 'Boss', escalate_to: 'Owner' }));
    unregister(team, 'Boss');
    team.worker('Owner').call('approve_step', { workflow: id, step: 'do', comment: '' });
    expect(team.states(id)).toEqual({ do: 'running' });
  });

  test('fails when no approver is left', async () => {
    await using team = await Team.of('A', 'Boss', 'Owner');
    const id = team.start(gated({ by: 'Boss', escalate_to: 'Owner' }));
    unregister(team, 'Owner');
    expect(team.states(id)).toEqual({ do: 'ready' });
    unregister(team, 'Boss');
    expect(team.summary(id)).toMatchObject({
      status: 'failed',
      reason: 'step "do" failed: its approver is unregistered',
    });
  });

  test('keeps waiting while the approver is only offline, and an event reports that', async () => {
    await using team = await Team.of('A', 'Boss');
    const id = team.start(gated({ by: 'Boss' }));
    team.lab.advance(10 * 60_000);
    const alerts = team.lab.rows('event_log').filter(row => row['type'] === 'system_alert');
    expect(alerts.map(row => JSON.parse(String(row['data'])) as unknown)).toEqual([
      { alert: 'approval_unheard', workflow_id: id, step: 'do', agent: 'Boss' },
    ]);
    team.worker('Boss').call('approve_step', { workflow: id, step: 'do', comment: '' });
    expect(team.states(id)).toEqual({ do: 'running' });
  });
});

describe('the bytes of a workflow', () => {
  const bytes = (team: Team) => Number(team.lab.rows('tally')[0]?.['bytes']);
  const workflows = (team: Team) => bytes(team) - storedBytes(team.lab) + storedBytes(team.lab, ['workflow', 'step']);

  test('count as stored, and are released when it is deleted', async () => {
    await using team = await Team.of('A', 'B');
    team.lab.owner.call('set_hub_limits', { keepWorkflowsMs: 60_000 });
    const steps = [
      { agent: 'A', action: 'split' },
      { agent: 'B', action: 'each', depends_on: ['split'], for_each: { step: 'split' } },
    ];
    const id = team.start(steps);
    const started = workflows(team);
    const definition = JSON.stringify({ workflow_type: 'test', steps }).length;
    expect(started).toBeGreaterThan(ROW_BYTES.workflow + definition + 2 * ROW_BYTES.step);
    team.finish('A', 'split', ['ab', 'cd']);
    const elements = 2 * (ROW_BYTES.step + 'each'.length) + '"ab""cd"'.length;
    expect(workflows(team)).toBe(started + '["ab","cd"]'.length + elements);
    team.finish('B', 'each[0]', 'x'.repeat(1_000));
    team.finish('B', 'each[1]', 1);
    const output = 1_002 + 1;
    expect(workflows(team)).toBe(started + 11 + elements + output + (output + 3));
    expect(team.summary(id)).toMatchObject({ status: 'succeeded' });
    team.lab.advance(61_000 + LIMITS.clockSkewMs);
    expect(team.lab.rows('workflow')).toEqual([]);
    expect(workflows(team)).toBe(0);
  });

  test('are released by a retry, and a full hub accepts no new workflow', async () => {
    await using team = await Team.of('A');
    const steps = [{ agent: 'A', action: 'do', on_failure: 'continue' }];
    const id = team.start(steps);
    const before = workflows(team);
    team.fail('A', 'do');
    team.lead.call('retry_step', { workflow: id, step: 'do' });
    expect(workflows(team)).toBe(before);
    team.lab.owner.call('set_hub_limits', { storedBytes: bytes(team) + 10 });
    const definition = JSON.stringify({ workflow_type: 'test', steps });
    const start = { id: uuidAt(team.lab.nowMs, 77), agent: team.lead.id, definition };
    expect(team.lead.tryCall('start_workflow', start)).toBe('quota/stored-bytes');
  });
});
