// Nested workflows are steered, compensated and read as one tree.

import { describe, expect, test } from 'vitest';
import { Team } from '../support/team.ts';

const undone = (name: string) => ({ action: `undo_${name}` });

const inner = {
  workflow_type: 'inner',
  steps: [
    { agent: 'A', action: 'one', compensate: undone('one') },
    { agent: 'B', action: 'two', depends_on: ['one'] },
  ],
};
const middle = { workflow_type: 'middle', steps: [{ id: 'in', action: 'in', workflow: inner }] };
const outer = [
  { agent: 'C', action: 'begin', compensate: undone('begin') },
  { id: 'mid', action: 'mid', workflow: middle, depends_on: ['begin'] },
  { agent: 'C', action: 'beside', depends_on: ['begin'] },
];

/** A tree whose innermost step is running. */
async function startTree(): Promise<{ readonly team: Team; readonly id: string }> {
  const team = await Team.of('A', 'B', 'C');
  const id = team.start(outer);
  team.finish('C', 'begin');
  return { team, id };
}

const statuses = (team: Team) =>
  Object.fromEntries(team.lab.rows('workflow_state').map(row => [String(row['type']), row['status']]));
const idOf = (team: Team, type: string) =>
  String(team.lab.rows('workflow_state').find(row => row['type'] === type)?.['id']);

/** The columns of `StepRow` with the id of the nested workflow. */
const NESTED = 12;

describe('a tree of workflows', () => {
  test('is paused and resumed as a whole', async () => {
    const { team, id } = await startTree();
    await using _ = team;
    team.lead.call('pause_workflow', { workflow: id });
    expect(statuses(team)).toEqual({ test: 'paused', middle: 'paused', inner: 'paused' });
    team.finish('A', 'one');
    expect(team.tasks('B')).toEqual([]);
    team.lead.call('resume_workflow', { workflow: id });
    expect(statuses(team)).toEqual({ test: 'running', middle: 'running', inner: 'running' });
    expect(team.tasks('B')).toMatchObject([{ step: 'two' }]);
  });

  test.each(['before', 'after'])('keeps paused a workflow that was paused alone, %s the whole tree', async when => {
    const { team, id } = await startTree();
    await using _ = team;
    const alone = () => team.lead.call('pause_workflow', { workflow: idOf(team, 'inner') });
    if (when === 'before') alone();
    team.lead.call('pause_workflow', { workflow: id });
    if (when === 'after') alone();
    team.lead.call('resume_workflow', { workflow: id });
    expect(statuses(team)).toEqual({ test: 'running', middle: 'running', inner: 'paused' });
    team.lead.call('resume_workflow', { workflow: idOf(team, 'inner') });
    expect(statuses(team)).toMatchObject({ inner: 'running' });
  });

  test('is cancelled as a whole, and compensated from the inside out', async () => {
    const { team, id } = await startTree();
    await using _ = team;
    team.finish('A', 'one');
    team.lead.call('cancel_workflow', { workflow: id, reason: 'stop' });
    expect(statuses(team)).toEqual({ test: 'compensating', middle: 'compensating', inner: 'compensating' });
    expect(team.tasks('B')).toEqual([]);
    // In reverse order of ends, also across workflows.
    expect(team.tasks('C')).toEqual([]);
    expect(team.tasks('A')[0]?.task).toMatchObject({ action: 'undo_one', compensates: true });
    team.finish('A', 'one');
    expect(statuses(team)).toEqual({ test: 'compensating', middle: 'cancelled', inner: 'cancelled' });
    expect(team.tasks('C')[0]?.task).toMatchObject({ action: 'undo_begin' });
    team.finish('C', 'begin');
    expect(statuses(team)).toMatchObject({ test: 'cancelled' });
  });

  test('fails permanently in the step whose nested workflow was cancelled', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([{ id: 'in', action: 'in', workflow: inner, retries: { attempts: 9 } }]);
    team.lead.call('cancel_workflow', { workflow: idOf(team, 'inner'), reason: 'not this one' });
    expect(team.summary(id)).toMatchObject({ status: 'failed', reason: 'step "in" failed: not this one' });
  });

  test('is retried at the step of the outer workflow, not in a nested one that has ended', async () => {
    await using team = await Team.of('A', 'B');
    const id = team.start([{ id: 'in', action: 'in', workflow: inner }]);
    team.fail('A', 'one');
    const again = { workflow: idOf(team, 'inner'), step: 'one' };
    expect(team.lead.tryCall('retry_step', again)).toBe('workflow/bad-move');
    team.lead.call('retry_step', { workflow: id, step: 'in' });
    team.finish('A', 'one');
    team.finish('B', 'two');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded' });
  });

  test('continues as far as possible when an agent of a nested workflow is unregistered before it begins', async () => {
    await using team = await Team.of('A', 'B', 'C');
    const tolerant = { workflow_type: 'inner', steps: [{ ...inner.steps[0], on_failure: 'continue' }, inner.steps[1]] };
    const id = team.start([outer[0] ?? {}, { id: 'in', action: 'in', workflow: tolerant, depends_on: ['begin'] }]);
    team.worker('A').call('unregister_agent', { agent: team.worker('A').id });
    team.finish('C', 'begin');
    team.finish('B', 'two', 2);
    expect(team.summary(id)).toMatchObject({ status: 'succeeded' });
    expect(team.lab.rows('step')[1]?.['output']).toBe('{"two":2}');
  });

  test('reports the nested workflow that a step waits for, and the agents of compensations', async () => {
    const { team, id } = await startTree();
    await using _ = team;
    const why = (workflow: string) => {
      const rows = team.lead.procedure('why_waiting', { workflow, from: 0, limit: 9 }) as unknown[][];
      return rows.map(row => row.slice(0, 4));
    };
    const nested = idOf(team, 'middle');
    expect(why(id)).toEqual([
      ['mid', 'running', 'workflow', [nested]],
      ['beside', 'running', 'answer', ['C']],
    ]);
    expect(why(nested)).toEqual([['in', 'running', 'workflow', [idOf(team, 'inner')]]]);
    const steps = team.lead.procedure('workflow_steps', { workflow: id, from: 1, limit: 1 }) as unknown[][];
    expect(steps[0]?.at(NESTED)).toBe(nested);
    team.fail('C', 'beside');
    expect(why(id)).toEqual([['begin', 'succeeded', 'answer', ['C']]]);
  });

  test('publishes events that name the parent of a workflow', async () => {
    const { team, id } = await startTree();
    await using _ = team;
    const started = team.lab.rows('event_log').filter(row => row['type'] === 'workflow_started');
    expect(started.map(row => JSON.parse(String(row['data'])) as unknown)).toMatchObject([
      { workflow_id: id },
      { workflow_type: 'middle', parent_workflow_id: id, parent_step: 'mid' },
      { workflow_type: 'inner', parent_workflow_id: idOf(team, 'middle'), parent_step: 'in' },
    ]);
  });
});
