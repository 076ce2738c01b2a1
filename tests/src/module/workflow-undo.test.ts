// Compensation of elements and of nested workflows; approvals whose approver fails or leaves.

import { describe, expect, test } from 'vitest';
import { Team } from '../support/team.ts';

const refund = { action: 'refund' };

describe('a workflow that ends badly undoes', () => {
  test('the elements that succeeded, in reverse order of their ends, also if another one failed', async () => {
    await using team = await Team.of('A', 'Bank');
    const id = team.start([
      { agent: 'A', action: 'list' },
      { agent: 'Bank', action: 'pay', depends_on: ['list'], for_each: { step: 'list' }, compensate: refund },
    ]);
    team.finish('A', 'list', ['a', 'b', 'c']);
    team.finish('Bank', 'pay[1]', 'paid b');
    team.finish('Bank', 'pay[0]', 'paid a');
    team.fail('Bank', 'pay[2]');
    const undone = [];
    for (let task = team.tasks('Bank')[0]; task; task = team.tasks('Bank')[0]) {
      undone.push(task.task);
      team.finish('Bank', task.step);
    }
    expect(undone).toMatchObject([
      { action: 'refund', step: 'pay[0]', element: 'a', index: 0, inputs: { 'pay[0]': 'paid a' }, compensates: true },
      { action: 'refund', step: 'pay[1]', element: 'b', index: 1, inputs: { 'pay[1]': 'paid b' }, compensates: true },
    ]);
    expect(team.summary(id)).toMatchObject({ status: 'failed' });
  });

  test('the steps of nested workflows that succeeded, at any depth, in their place in the order', async () => {
    await using team = await Team.of('A');
    const deep = { workflow_type: 'deep', steps: [{ id: 'deep', agent: 'A', action: 'do', compensate: refund }] };
    const inner = {
      workflow_type: 'inner',
      steps: [
        { id: 'inner', agent: 'A', action: 'do', compensate: refund },
        { id: 'nest', action: 'nest', workflow: deep, depends_on: ['inner'] },
      ],
    };
    const id = team.start([
      { id: 'before', agent: 'A', action: 'do', compensate: refund },
      { id: 'outer', action: 'nest', workflow: inner, depends_on: ['before'] },
      { id: 'after', agent: 'A', action: 'do', compensate: refund, depends_on: ['outer'] },
      { id: 'last', agent: 'A', action: 'do', depends_on: ['after'] },
    ]);
    for (const step of ['before', 'inner', 'deep', 'after']) team.finish('A', step);
    team.fail('A', 'last');
    const undone = [];
    for (let task = team.tasks('A')[0]; task; task = team.tasks('A')[0]) {
      undone.push(task.step);
      expect(team.summary(id)).toMatchObject({ status: 'compensating' });
      team.finish('A', task.step);
    }
    expect(undone).toEqual(['after', 'deep', 'inner', 'before']);
    expect(team.lab.rows('workflow_state').map(row => row['status'])).toEqual(['failed', 'cancelled', 'cancelled']);
    const undo = team.lab.rows('step').map(row => [row['name'], row['undo']]);
    expect(Object.fromEntries(undo)).toMatchObject({ before: 'done', outer: 'done', nest: 'done', deep: 'done' });
  });

  test('nothing of a nested workflow without compensations, which stays as it ended', async () => {
    await using team = await Team.of('A');
    const inner = { workflow_type: 'inner', steps: [{ id: 'inner', agent: 'A', action: 'do' }] };
    const id = team.start([
      { id: 'outer', action: 'nest', workflow: inner },
      { id: 'last', agent: 'A', action: 'do', depends_on: ['outer'] },
    ]);
    team.finish('A', 'inner');
    team.fail('A', 'last');
    expect(team.summary(id)).toMatchObject({ status: 'failed' });
    expect(team.lab.rows('workflow_state').map(row => row['status'])).toEqual(['failed', 'succeeded']);
  });

  test('a nested workflow that ended before the retention, while its outer workflow runs', async () => {
    await using team = await Team.of('A');
    team.lab.owner.call('set_hub_limits', { keepWorkflowsMs: 60_000 });
    const inner = { workflow_type: 'inner', steps: [{ id: 'inner', agent: 'A', action: 'do', compensate: refund }] };
    const id = team.start([
      { id: 'outer', action: 'nest', workflow: inner },
      { id: 'last', agent: 'A', action: 'do', depends_on: ['outer'] },
    ]);
    team.finish('A', 'inner');
    team.lab.advance(200_000);
    team.lead.call('cancel_workflow', { workflow: id, reason: '' });
    team.lab.advance(2_000);
    expect(team.tasks('A').map(task => task.step)).toEqual(['inner']);
  });
});

describe('an approver', () => {
  const gated = [{ agent: 'A', action: 'do', approval: { by: 'Boss', escalate_to: 'Owner' } }];
  const request = (team: Team, name: string) => {
    const [row] = team.worker(name).inbox();
    return { delivery: row?.['id'], attempt: row?.['attempt'] };
  };
  const unregister = (team: Team, name: string) => {
    team.worker(name).call('unregister_agent', { agent: team.worker(name).id });
    team.lab.advance(1_000);
  };

  test('that has acknowledged the request may decide later', async () => {
    await using team = await Team.of('A', 'Boss', 'Owner');
    const id = team.start(gated);
    team.worker('Boss').act({ Acknowledge: request(team, 'Boss') });
    team.lab.advance(3_600_000);
    team.worker('Boss').call('approve_step', { workflow: id, step: 'do', comment: '' });
    expect(team.states(id)).toEqual({ do: 'running' });
    expect(team.lab.rows('seen_request')).toEqual([]);
  });

  test('that has acknowledged the request and is unregistered is followed by the next; then the step fails', async () => {
    await using team = await Team.of('A', 'Boss', 'Owner');
    const id = team.start(gated);
    team.worker('Boss').act({ Acknowledge: request(team, 'Boss') });
    unregister(team, 'Boss');
    team.worker('Owner').act({ Acknowledge: request(team, 'Owner') });
    unregister(team, 'Owner');
    expect(team.summary(id)).toMatchObject({ status: 'failed' });
    expect(team.lab.rows('step')[0]).toMatchObject({ error: 'its approver is unregistered' });
    expect(team.lab.rows('seen_request')).toEqual([]);
  });

  test('that fails the request is followed by the next; then the step fails with the reason', async () => {
    await using team = await Team.of('A', 'Boss', 'Owner');
    const id = team.start(gated);
    team.worker('Boss').act({ Fail: { ...request(team, 'Boss'), reason: 'on leave', retry: false } });
    team.lab.advance(1_000);
    team.worker('Owner').act({ Fail: { ...request(team, 'Owner'), reason: 'not mine', retry: false } });
    team.lab.advance(1_000);
    expect(team.summary(id)).toMatchObject({ status: 'failed' });
    expect(team.lab.rows('step')[0]).toMatchObject({ error: '"Owner" failed the request: not mine' });
  });
});
