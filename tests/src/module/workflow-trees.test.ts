// Nested workflows are steered, compensated and read as one tree.

import { describe, expect, test } from 'vitest';
import { Crew } from '../support/crew.ts';

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
async function plant(): Promise<{ readonly crew: Crew; readonly id: string }> {
  const crew = await Crew.of('A', 'B', 'C');
  const id = crew.start(outer);
  crew.finish('C', 'begin');
  return { crew, id };
}

const statuses = (crew: Crew) =>
  Object.fromEntries(crew.lab.rows('workflow_state').map(row => [String(row['type']), row['status']]));
const idOf = (crew: Crew, type: string) =>
  String(crew.lab.rows('workflow_state').find(row => row['type'] === type)?.['id']);

/** The columns of `StepRow` with the id of the nested workflow. */
const NESTED = 12;

describe('a tree of workflows', () => {
  test('is paused and resumed as a whole', async () => {
    const { crew, id } = await plant();
    await using _ = crew;
    crew.lead.call('pause_workflow', { workflow: id });
    expect(statuses(crew)).toEqual({ test: 'paused', middle: 'paused', inner: 'paused' });
    crew.finish('A', 'one');
    expect(crew.tasks('B')).toEqual([]);
    crew.lead.call('resume_workflow', { workflow: id });
    expect(statuses(crew)).toEqual({ test: 'running', middle: 'running', inner: 'running' });
    expect(crew.tasks('B')).toMatchObject([{ step: 'two' }]);
  });

  test.each(['before', 'after'])('leaves paused what was paused alone, %s the whole of it', async when => {
    const { crew, id } = await plant();
    await using _ = crew;
    const alone = () => crew.lead.call('pause_workflow', { workflow: idOf(crew, 'inner') });
    if (when === 'before') alone();
    crew.lead.call('pause_workflow', { workflow: id });
    if (when === 'after') alone();
    crew.lead.call('resume_workflow', { workflow: id });
    expect(statuses(crew)).toEqual({ test: 'running', middle: 'running', inner: 'paused' });
    crew.lead.call('resume_workflow', { workflow: idOf(crew, 'inner') });
    expect(statuses(crew)).toMatchObject({ inner: 'running' });
  });

  test('is cancelled as a whole, and compensated from the inside out', async () => {
    const { crew, id } = await plant();
    await using _ = crew;
    crew.finish('A', 'one');
    crew.lead.call('cancel_workflow', { workflow: id, reason: 'stop' });
    expect(statuses(crew)).toEqual({ test: 'compensating', middle: 'compensating', inner: 'compensating' });
    expect(crew.tasks('B')).toEqual([]);
    // In reverse order of ends, also across workflows.
    expect(crew.tasks('C')).toEqual([]);
    expect(crew.tasks('A')[0]?.task).toMatchObject({ action: 'undo_one', compensates: true });
    crew.finish('A', 'one');
    expect(statuses(crew)).toEqual({ test: 'compensating', middle: 'cancelled', inner: 'cancelled' });
    expect(crew.tasks('C')[0]?.task).toMatchObject({ action: 'undo_begin' });
    crew.finish('C', 'begin');
    expect(statuses(crew)).toMatchObject({ test: 'cancelled' });
  });

  test('fails permanently in the step whose nested workflow was cancelled', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([{ id: 'in', action: 'in', workflow: inner, retries: { attempts: 9 } }]);
    crew.lead.call('cancel_workflow', { workflow: idOf(crew, 'inner'), reason: 'not this one' });
    expect(crew.summary(id)).toMatchObject({ status: 'failed', reason: 'step "in" failed: not this one' });
  });

  test('is retried at the step of the outer workflow, not in a nested one that has ended', async () => {
    await using crew = await Crew.of('A', 'B');
    const id = crew.start([{ id: 'in', action: 'in', workflow: inner }]);
    crew.fail('A', 'one');
    const again = { workflow: idOf(crew, 'inner'), step: 'one' };
    expect(crew.lead.tryCall('retry_step', again)).toBe('workflow/bad-move');
    crew.lead.call('retry_step', { workflow: id, step: 'in' });
    crew.finish('A', 'one');
    crew.finish('B', 'two');
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded' });
  });

  test('continues as far as possible when an agent of a nested workflow is unregistered before it begins', async () => {
    await using crew = await Crew.of('A', 'B', 'C');
    const tolerant = { workflow_type: 'inner', steps: [{ ...inner.steps[0], on_failure: 'continue' }, inner.steps[1]] };
    const id = crew.start([outer[0] ?? {}, { id: 'in', action: 'in', workflow: tolerant, depends_on: ['begin'] }]);
    crew.worker('A').call('unregister_agent', { agent: crew.worker('A').id });
    crew.finish('C', 'begin');
    crew.finish('B', 'two', 2);
    expect(crew.summary(id)).toMatchObject({ status: 'succeeded' });
    expect(crew.lab.rows('step')[1]?.['output']).toBe('{"two":2}');
  });

  test('reports the nested workflow that a step waits for, and the agents of compensations', async () => {
    const { crew, id } = await plant();
    await using _ = crew;
    const why = (workflow: string) => {
      const rows = crew.lead.procedure('why_waiting', { workflow, from: 0, limit: 9 }) as unknown[][];
      return rows.map(row => row.slice(0, 4));
    };
    const nested = idOf(crew, 'middle');
    expect(why(id)).toEqual([
      ['mid', 'running', 'workflow', [nested]],
      ['beside', 'running', 'answer', ['C']],
    ]);
    expect(why(nested)).toEqual([['in', 'running', 'workflow', [idOf(crew, 'inner')]]]);
    const steps = crew.lead.procedure('workflow_steps', { workflow: id, from: 1, limit: 1 }) as unknown[][];
    expect(steps[0]?.at(NESTED)).toBe(nested);
    crew.fail('C', 'beside');
    expect(why(id)).toEqual([['begin', 'succeeded', 'answer', ['C']]]);
  });

  test('publishes events that name the parent of a workflow', async () => {
    const { crew, id } = await plant();
    await using _ = crew;
    const started = crew.lab.rows('event_log').filter(row => row['type'] === 'workflow_started');
    expect(started.map(row => JSON.parse(String(row['data'])) as unknown)).toMatchObject([
      { workflow_id: id },
      { workflow_type: 'middle', parent_workflow_id: id, parent_step: 'mid' },
      { workflow_type: 'inner', parent_workflow_id: idOf(crew, 'middle'), parent_step: 'in' },
    ]);
  });
});
