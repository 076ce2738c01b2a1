import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt, type LabAgent } from '../support/module-lab.ts';

async function team(...names: string[]) {
  const lab = await ModuleLab.open();
  const lead = lab.register('Lead');
  lead.attach();
  const workers = new Map(names.map(name => [name, lab.register(name)]));
  for (const worker of workers.values()) worker.attach();
  const of = (name: string): LabAgent => {
    const worker = workers.get(name);
    if (!worker) throw new Error(`no worker ${name}`);
    return worker;
  };
  return { lab, lead, of, [Symbol.asyncDispose]: () => lab.close() };
}

const diamond = {
  workflow_type: 'diamond',
  participants: ['A', 'B', 'C', 'D'],
  steps: [
    { agent: 'A', action: 'begin' },
    { agent: 'B', action: 'left', depends_on: ['begin'] },
    { agent: 'C', action: 'right', depends_on: ['begin'] },
    { agent: 'D', action: 'join', requirements: { strict: true }, depends_on: ['left', 'right'] },
  ],
};

/** The task an agent was assigned, or undefined. */
function task(agent: LabAgent) {
  const row = agent.inbox().find(each => each['kind'] === 'task');
  if (!row) return undefined;
  const envelope = JSON.parse(String(row['envelope'])) as {
    type: string;
    from: string;
    payload: { task: Record<string, unknown> };
  };
  return { delivery: row['id'], attempt: row['attempt'], ...envelope };
}

function finish(agent: LabAgent, output: unknown): void {
  const at = task(agent);
  agent.act({ FinishStep: { delivery: at?.delivery, attempt: at?.attempt, output: JSON.stringify(output) } });
}

describe('a workflow', () => {
  test('assigns a step in the transaction that ends its last dependency, with the outputs of its dependencies', async () => {
    await using scene = await team('A', 'B', 'C', 'D');
    const { lab, lead, of } = scene;
    const id = uuidAt(lab.nowMs, 1);
    lead.call('start_workflow', { id, agent: lead.id, definition: JSON.stringify(diamond) });
    expect(task(of('A'))).toMatchObject({
      type: 'task_assignment',
      from: 'system',
      payload: { task: { workflow_id: id, step: 'begin', action: 'begin', requirements: {}, inputs: {} } },
    });
    expect([of('B'), of('C'), of('D')].map(task)).toEqual([undefined, undefined, undefined]);
    finish(of('A'), { draft: 1 });
    expect(task(of('B'))?.payload.task['inputs']).toEqual({ begin: { draft: 1 } });
    finish(of('C'), 'right done');
    expect(task(of('D'))).toBeUndefined();
    finish(of('B'), 'left done');
    expect(task(of('D'))?.payload.task).toMatchObject({
      inputs: { left: 'left done', right: 'right done' },
      requirements: { strict: true },
    });
    expect(lead.view('my_workflows')).toMatchObject([{ id, status: 'running', total: 4, ended: 3 }]);
    finish(of('D'), null);
    expect(lead.view('my_workflows')).toMatchObject([{ id, status: 'succeeded', ended: 4 }]);
    expect(lab.rows('event_log').map(row => row['type'])).toContain('workflow_completion');
  });

  test('publishes events by steps to its participants only', async () => {
    await using scene = await team('A', 'B', 'C', 'D');
    const { lab, lead, of } = scene;
    const id = uuidAt(lab.nowMs, 1);
    lead.call('start_workflow', { id, agent: lead.id, definition: JSON.stringify(diamond) });
    const steps = of('D').procedure('workflow_steps', { workflow: id, from: 0, limit: 10 }) as unknown[][];
    expect(steps.map(row => row.slice(0, 5))).toEqual([
      [0, 'begin', 'A', 'begin', 'running'],
      [1, 'left', 'B', 'left', 'pending'],
      [2, 'right', 'C', 'right', 'pending'],
      [3, 'join', 'D', 'join', 'pending'],
    ]);
    const stranger = lab.register('Stranger');
    expect(() => stranger.procedure('workflow_steps', { workflow: id, from: 0, limit: 10 })).toThrow(
      'workflow/unknown',
    );
    expect(stranger.tryCall('watch_workflow', { workflow: id })).toBe('workflow/unknown');
    expect(stranger.view('my_workflows')).toEqual([]);
    of('B').call('watch_workflow', { workflow: id });
    expect(of('B').view('my_workflows')).toMatchObject([{ id }]);
    of('B').call('unwatch_workflow', { workflow: id });
    expect(of('B').view('my_workflows')).toEqual([]);
  });

  test('fails when a step fails permanently, with the reason, and assigns no other step', async () => {
    await using scene = await team('A', 'B', 'C', 'D');
    const { lab, lead, of } = scene;
    const id = uuidAt(lab.nowMs, 1);
    lead.call('start_workflow', { id, agent: lead.id, definition: JSON.stringify(diamond) });
    finish(of('A'), 1);
    const left = task(of('B'));
    of('B').act({ FailStep: { delivery: left?.delivery, attempt: 1, error: 'no paper', retry: false } });
    // The holder of another step is notified: its task became a notice.
    expect(of('C').inbox()).toMatchObject([{ kind: 'cancelled' }]);
    expect(task(of('D'))).toBeUndefined();
    expect(lead.view('my_workflows')).toMatchObject([{ status: 'failed', reason: 'step "left" failed: no paper' }]);
    const states = of('D').procedure('workflow_steps', { workflow: id, from: 0, limit: 10 });
    expect((states as unknown[][]).map(row => row[4])).toEqual(['succeeded', 'failed', 'cancelled', 'cancelled']);
  });

  test('continues with a step whose delivery was retried', async () => {
    await using scene = await team('A', 'B', 'C', 'D');
    const { lab, lead, of } = scene;
    lead.call('start_workflow', { id: uuidAt(lab.nowMs, 1), agent: lead.id, definition: JSON.stringify(diamond) });
    const first = task(of('A'));
    of('A').act({ FailStep: { delivery: first?.delivery, attempt: 1, error: 'busy', retry: true } });
    expect(task(of('A'))).toBeUndefined();
    lab.advance(2_000);
    expect(task(of('A'))?.attempt).toBe(2);
    finish(of('A'), 1);
    expect(task(of('B'))).toBeDefined();
  });

  test('accepts an ordinary answer as the end of a step', async () => {
    await using scene = await team('A', 'B', 'C', 'D');
    const { lab, lead, of } = scene;
    lead.call('start_workflow', { id: uuidAt(lab.nowMs, 1), agent: lead.id, definition: JSON.stringify(diamond) });
    const at = task(of('A'));
    of('A').act({
      Respond: {
        delivery: at?.delivery,
        attempt: 1,
        id: uuidAt(lab.nowMs, 2),
        status: 'success',
        data: '{"ok":true}',
        error: '',
      },
    });
    expect(task(of('B'))?.payload.task['inputs']).toEqual({ begin: { ok: true } });
  });

  test('is refused as a whole, with every fault named, and no row is stored', async () => {
    await using scene = await team('A');
    const { lab, lead } = scene;
    const definition = JSON.stringify({
      workflow_type: 'w',
      steps: [
        { agent: 'A', action: 'one', depends_on: ['two'] },
        { agent: 'Ghost', action: 'two', depends_on: ['one', 'three'] },
      ],
    });
    const refused = lead.tryCallText('start_workflow', { id: uuidAt(lab.nowMs, 1), agent: lead.id, definition });
    expect(refused).toBe(
      'workflow/bad-definition: step "two": there is no agent "Ghost"; step "two": there is no step "three"; ' +
        'the steps wait for each other: one → two → one',
    );
    const cyclic = JSON.stringify({
      workflow_type: 'w',
      steps: [
        { agent: 'A', action: 'one', depends_on: ['two'] },
        { agent: 'A', action: 'two', depends_on: ['one'] },
      ],
    });
    const refusal = lead.tryCallText('start_workflow', {
      id: uuidAt(lab.nowMs, 1),
      agent: lead.id,
      definition: cyclic,
    });
    expect(refusal).toBe('workflow/bad-definition: the steps wait for each other: one → two → one');
    for (const table of ['workflow', 'workflow_state', 'step', 'message']) expect(lab.rows(table)).toEqual([]);
  });

  test('started again under its id is a no-op, and another one under that id is refused', async () => {
    await using scene = await team('A', 'B', 'C', 'D');
    const { lab, lead } = scene;
    const start = { id: uuidAt(lab.nowMs, 1), agent: lead.id, definition: JSON.stringify(diamond) };
    lead.call('start_workflow', start);
    lead.call('start_workflow', start);
    expect(lab.rows('workflow')).toHaveLength(1);
    const other = { ...start, definition: JSON.stringify({ ...diamond, workflow_type: 'other' }) };
    expect(lead.tryCall('start_workflow', other)).toBe('workflow/id-reused');
  });
});
