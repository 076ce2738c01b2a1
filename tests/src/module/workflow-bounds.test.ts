// Large workflows, and workflows beyond the limits of their initiator: each call does a bounded part, nothing is lost.

import { LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { type Edits, uuidAt } from '../support/module-lab.ts';
import { Team } from '../support/team.ts';

const NOTHING = { rate: undefined, burst: undefined, unfinished: undefined, inboxLength: undefined, fanOut: undefined };
const limit = (team: Team, agent: number, limits: object) =>
  team.lab.owner.call('set_quota', { agent, ...NOTHING, ...limits });

/** Fails a call that writes more than so many rows of steps. */
const maxSteps = (rows: number): Edits => [
  [
    'for (const step of this.#changed) db.step.id.update(step);',
    `if (this.#changed.size > ${rows}) throw new Error("too many rows"); for (const step of this.#changed) db.step.id.update(step);`,
  ],
];
const SMALL: Edits = [['rowsPerCall: 8e3', 'rowsPerCall: 400'], ...maxSteps(400)];

const many = <Step extends object>(count: number, step: (n: number) => Step): Step[] =>
  Array.from({ length: count }, (_, n) => step(n));
const left = (team: Team) => team.lab.rows('workflow_state').filter(row => row['jobs'] !== '').length;

function finishAll(team: Team, name: string): void {
  for (let tasks = team.tasks(name); tasks.length > 0; tasks = team.tasks(name)) {
    team
      .worker(name)
      .act(...tasks.map(({ delivery, attempt }) => ({ FinishStep: { delivery, attempt, output: '1' } })));
    team.lab.advance(300);
  }
}

describe('a large workflow', () => {
  test('begins its steps in several calls', async () => {
    await using team = await Team.with(SMALL, 'A');
    const id = team.start(many(LIMITS.workflowSteps, n => ({ id: `s${n}`, agent: 'A', action: 'do' })));
    expect(left(team)).toBe(1);
    team.lab.advance(30_000);
    expect(left(team)).toBe(0);
    expect(Object.values(team.states(id)).every(state => state === 'running')).toBe(true);
  });

  test('gives the dependents of a step their tasks in several calls, in the order of the definition', async () => {
    await using team = await Team.with(SMALL, 'A', 'B');
    const dependents = many(900, n => ({ id: `s${n}`, agent: 'B', action: 'do', depends_on: ['first'] }));
    const id = team.start([{ id: 'first', agent: 'A', action: 'do' }, ...dependents]);
    team.lab.advance(1_000);
    team.finish('A', 'first', 1);
    expect(left(team)).toBe(1);
    team.lab.advance(30_000);
    const began = team.lab.rows('step').filter(row => row['name'] !== 'first');
    began.sort(
      (a, b) => Number(a['started_at']) - Number(b['started_at']) || Number(a['position']) - Number(b['position']),
    );
    expect(began.map(row => row['name'])).toEqual(dependents.map(step => step.id));
    finishAll(team, 'B');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded', ended: 901 });
  });

  test('is cancelled in several calls: it gives out nothing more, and what ended before that is undone', async () => {
    await using team = await Team.with(SMALL, 'A', 'B');
    const rest = many(600, n => ({ id: `s${n}`, agent: 'B', action: 'do' }));
    const id = team.start([{ id: 'book', agent: 'A', action: 'book', compensate: { action: 'refund' } }, ...rest]);
    team.lab.advance(30_000);
    team.finish('A', 'book');
    team.lead.call('cancel_workflow', { workflow: id, reason: 'rain' });
    expect(team.summary(id)).toMatchObject({ status: 'compensating' });
    // A step that is not cancelled yet may still end.
    expect(left(team)).toBe(1);
    team.lab.advance(30_000);
    expect(team.tasks('A')[0]?.task).toMatchObject({ action: 'refund' });
    team.finish('A', 'book');
    expect(team.summary(id)).toMatchObject({ status: 'cancelled', ended: 601, jobs: '', held: '' });
    expect(team.lab.rows('waiting')).toEqual([]);
  });

  test('continues after calls that fail', async () => {
    const fire = 'FIRE[row.kind](unit, row.ref, row.text);';
    const fails = 'if (row.kind === "workflow-jobs" && row.tries < 2) throw new Error("injected");';
    const small: Edits = [['rowsPerCall: 8e3', 'rowsPerCall: 2000']];
    await using team = await Team.with([...small, [fire, fire + fails]], 'A', 'B');
    const dependents = many(300, n => ({ id: `s${n}`, agent: 'B', action: 'do', depends_on: ['first'] }));
    const id = team.start([{ id: 'first', agent: 'A', action: 'do' }, ...dependents]);
    team.lab.advance(45_000);
    team.finish('A', 'first', 1);
    team.lab.advance(120_000);
    expect(left(team)).toBe(0);
    const running = team.lab.rows('step').filter(row => row['state'] === 'running');
    expect(running).toHaveLength(300);
    expect(running.every(row => row['tries'] === 1)).toBe(true);
    team.lead.call('cancel_workflow', { workflow: id, reason: '' });
    team.lab.advance(120_000);
    expect(team.summary(id)).toMatchObject({ status: 'cancelled', ended: 301 });
  });

  test('fails with many others when one agent is unregistered, each in its own calls', async () => {
    await using team = await Team.with(SMALL, 'A', 'B');
    const steps = [
      { id: 'first', agent: 'A', action: 'do' },
      ...many(150, n => ({ id: `s${n}`, agent: 'B', action: 'do' })),
    ];
    for (let n = 0; n < 12; n++) team.start(steps);
    team.lab.advance(30_000);
    const asker = team.lab.register('Asker');
    asker.attach();
    asker.send('A', { answerWithinMs: 60_000 });
    team.worker('A').call('unregister_agent', { agent: team.worker('A').id });
    team.lab.advance(120_000);
    const ends = team.lab.rows('workflow_state').map(row => [row['status'], row['ended']]);
    expect(ends).toEqual(many(12, () => ['failed', 151]));
    expect(asker.inbox().length).toBeGreaterThan(0);
    expect(team.lab.rows('waiting')).toEqual([]);
  });

  test('is retried in several calls, and another retry is refused before they have ended', async () => {
    await using team = await Team.with(SMALL, 'A', 'B');
    const rest = many(500, n => ({ id: `s${n}`, agent: 'B', action: 'do', depends_on: ['first'] }));
    const id = team.start([{ id: 'first', agent: 'A', action: 'do' }, ...rest]);
    team.lab.advance(1_000);
    team.fail('A', 'first');
    team.lab.advance(30_000);
    expect(team.summary(id)).toMatchObject({ status: 'failed', ended: 501 });
    team.lead.call('retry_step', { workflow: id, step: 'first' });
    expect(team.lead.refusalCode('retry_step', { workflow: id, step: 's499' })).toBe('workflow/busy');
    team.lab.advance(30_000);
    team.finish('A', 'first');
    team.lab.advance(30_000);
    finishAll(team, 'B');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded', ended: 501 });
  });
});

describe('inputs above 16 KiB', () => {
  test('are not copied into the tasks; their holders read them', async () => {
    await using team = await Team.of('A', 'B');
    const text = 'x'.repeat(200 * 1024);
    const dependents = many(50, n => ({ id: `s${n}`, agent: 'B', action: 'do', depends_on: ['first'] }));
    team.start([{ id: 'first', agent: 'A', action: 'do' }, ...dependents]);
    team.finish('A', 'first', text);
    const sent = team.lab.rows('message').filter(row => row['type'] === 'task_assignment');
    expect(sent).toHaveLength(51);
    expect(Math.max(...sent.map(row => String(row['payload']).length))).toBeLessThan(1_000);
    const [row] = team.worker('B').inbox();
    expect(JSON.parse(String(row?.['envelope']))).toMatchObject({ payloadBytes: expect.any(Number) as number });
    const whole = team.worker('B').procedure('read_payload', { delivery: row?.['id'] });
    expect(JSON.parse(String(whole))).toMatchObject({ task: { step: 's0', action: 'do', inputs: { first: text } } });
    expect(team.worker('A').tryProcedure('read_payload', { delivery: row?.['id'] })).toBe('delivery/unknown');
  });

  test('of a compensation and an approval are read, too', async () => {
    await using team = await Team.of('A', 'Boss');
    const text = 'x'.repeat(50_000);
    const id = team.start([
      { agent: 'A', action: 'draft', compensate: { action: 'erase' } },
      { agent: 'A', action: 'ship', depends_on: ['draft'], approval: { by: 'Boss' } },
    ]);
    team.finish('A', 'draft', text);
    const read = (name: string) => {
      const delivery = team
        .worker(name)
        .inbox()
        .find(row => Number(row['attempt']) > 0)?.['id'];
      return JSON.parse(String(team.worker(name).procedure('read_payload', { delivery }))) as unknown;
    };
    expect(read('Boss')).toMatchObject({ approval: { step: 'ship', inputs: { draft: text } } });
    team.lead.call('cancel_workflow', { workflow: id, reason: '' });
    expect(read('A')).toMatchObject({ task: { action: 'erase', compensates: true, inputs: { draft: text } } });
  });
});

describe('a workflow is charged to its initiator', () => {
  test('whose limit of unfinished deliveries holds further tasks until others have ended', async () => {
    await using team = await Team.of('A');
    limit(team, team.lead.id, { unfinished: 2 });
    const id = team.start(many(5, n => ({ id: `s${n}`, agent: 'A', action: 'do' })));
    expect(team.tasks('A').map(task => task.step)).toEqual(['s0', 's1']);
    const waits = team.lead.procedure('why_waiting', { workflow: id, from: 0, limit: 9 }) as unknown[][];
    expect(waits.map(row => row[2])).toEqual(['answer', 'answer', 'limit', 'limit', 'limit']);
    team.finish('A', 's0');
    expect(team.tasks('A').map(task => task.step)).toEqual(['s1', 's2']);
    finishAll(team, 'A');
    expect(team.summary(id)).toMatchObject({ status: 'succeeded', held: '' });
  });

  test('and overfills no inbox: others can still send, and the held tasks follow when there is room', async () => {
    await using team = await Team.of('Victim');
    limit(team, team.worker('Victim').id, { inboxLength: 5 });
    team.worker('Victim').leave();
    const other = team.lab.register('Other');
    const flood = many(100, n => ({ id: `s${n}`, agent: 'Victim', action: 'do' }));
    const ids = [team.start(flood), team.start(flood)];
    expect(team.lab.rows('waiting').length + team.lab.rows('offer').length).toBe(5);
    expect(other.trySend('Victim')).toEqual(['inbox/full']);
    team.worker('Victim').attach();
    team.finish('Victim', 's0');
    team.lab.advance(1_000);
    for (let rounds = 0; rounds < 300 && ids.some(id => team.summary(id)['status'] === 'running'); rounds++) {
      finishAll(team, 'Victim');
      team.lab.advance(61_000);
    }
    for (const id of ids) expect(team.summary(id)).toMatchObject({ status: 'succeeded' });
    expect(team.lab.rows('account').every(row => row['unfinished'] === 0)).toBe(true);
  });

  test('whose rate holds tasks, which follow as time passes', async () => {
    await using team = await Team.of('A');
    limit(team, team.lead.id, { rate: 1, burst: 3 });
    team.start(many(6, n => ({ id: `s${n}`, agent: 'A', action: 'do' })));
    expect(team.tasks('A').length).toBeLessThanOrEqual(3);
    team.lab.advance(120_000);
    expect(team.lab.rows('step').every(row => row['state'] === 'running')).toBe(true);
  });

  test('also its approvals', async () => {
    await using team = await Team.of('A', 'Boss');
    limit(team, team.worker('Boss').id, { inboxLength: 2 });
    team.start(many(6, n => ({ id: `s${n}`, agent: 'A', action: 'do', approval: { by: 'Boss' } })));
    expect(team.worker('Boss').inbox()).toHaveLength(2);
  });

  test('who is named in the envelope; the hub is its sender', async () => {
    await using team = await Team.of('A', 'Boss');
    team.start([
      { agent: 'A', action: 'do' },
      { id: 'gate', agent: 'A', action: 'do', approval: { by: 'Boss' } },
    ]);
    for (const name of ['A', 'Boss']) {
      const [row] = team.worker(name).inbox();
      expect(JSON.parse(String(row?.['envelope']))).toMatchObject({
        from: 'system',
        fromId: 0,
        initiator: 'Lead',
        initiatorId: team.lead.id,
      });
    }
    expect(team.lead.procedure('sent_messages', { agent: team.lead.id, before: 0, limit: 9 })).toEqual([]);
    const [message] = team.lab.rows('message');
    const cancel = { Cancel: { agent: team.lead.id, message: message?.['id'], reason: '' } };
    expect(team.lead.tryAct(cancel)).toEqual(['message/unknown']);
  });
});

test('any number of workflows runs, also without a free place to watch them', async () => {
  await using team = await Team.of('A');
  for (let n = 0; n <= LIMITS.watchesPerIdentity; n++) team.start([{ agent: 'A', action: 'do' }]);
  expect(team.lab.rows('workflow_state')).toHaveLength(LIMITS.watchesPerIdentity + 1);
  expect(team.lead.view('my_workflows')).toHaveLength(LIMITS.watchesPerIdentity);
  const last = uuidAt(team.lab.nowMs, LIMITS.watchesPerIdentity + 1);
  expect(team.lead.tryCall('watch_workflow', { workflow: last })).toBe('workflow/too-many-watchers');
});

describe('a nested workflow that waits for an approval', () => {
  test('is not shown before it has begun', async () => {
    await using team = await Team.of('A', 'Boss');
    const workflow = { workflow_type: 'inner', steps: [{ agent: 'A', action: 'do' }] };
    const id = team.start([{ action: 'inner', workflow, approval: { by: 'Boss' } }]);
    const nested = () =>
      (team.lead.procedure('workflow_steps', { workflow: id, from: 0, limit: 1 }) as unknown[][])[0]?.[12];
    expect(nested()).toBe('');
    team.worker('Boss').call('approve_step', { workflow: id, step: 'inner', comment: '' });
    expect(nested()).not.toBe('');
  });
});
