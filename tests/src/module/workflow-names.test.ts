// Names of agents are resolved once, when a workflow starts: an agent that takes a freed name inherits nothing.

import { describe, expect, test } from 'vitest';
import type { LabAgent } from '../support/module-lab.ts';
import { Team } from '../support/team.ts';

/** Unregisters a worker, and registers its name for another identity. */
function usurp(team: Team, name: string): LabAgent {
  const agent = team.worker(name);
  agent.call('unregister_agent', { agent: agent.id });
  const stranger = team.lab.register(name);
  stranger.attach();
  return stranger;
}

const approve = (workflow: string, step: string) => ({ workflow, step, comment: '' });

describe('an agent that takes a freed name', () => {
  test('gets no approval request, and may not approve', async () => {
    await using team = await Team.of('A', 'Boss', 'Owner');
    const id = team.start([
      { agent: 'A', action: 'draft' },
      { agent: 'A', action: 'pay', depends_on: ['draft'], approval: { by: 'Boss', escalate_to: 'Owner' } },
    ]);
    const stranger = usurp(team, 'Boss');
    team.finish('A', 'draft', { secret: 'salaries' });
    expect(stranger.inbox()).toEqual([]);
    expect(stranger.tryCall('approve_step', approve(id, 'pay'))).toBe('workflow/no-approval');
    team.worker('Owner').call('approve_step', approve(id, 'pay'));
    expect(team.states(id)).toMatchObject({ pay: 'running' });
  });

  test('is not asked when an approval escalates: the step fails', async () => {
    await using team = await Team.of('A', 'Boss', 'Owner');
    const id = team.start([
      { agent: 'A', action: 'pay', approval: { by: 'Boss', escalate_to: 'Owner', timeout_ms: 5_000 } },
    ]);
    const stranger = usurp(team, 'Owner');
    team.lab.advance(6_000);
    expect(stranger.inbox()).toEqual([]);
    expect(team.summary(id)).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('not approved') as string,
    });
  });

  test('gets no compensation, neither by its step nor by its name', async () => {
    await using team = await Team.of('A', 'Clerk', 'Bank');
    const id = team.start([
      { agent: 'A', action: 'book', compensate: { action: 'refund', agent: 'Bank' } },
      { agent: 'Clerk', action: 'note', compensate: { action: 'erase' } },
      { agent: 'A', action: 'open' },
    ]);
    team.finish('A', 'book', { iban: 'DE00' });
    team.finish('Clerk', 'note', 'private');
    const strangers = [usurp(team, 'Bank'), usurp(team, 'Clerk')];
    team.lead.call('cancel_workflow', { workflow: id, reason: '' });
    for (const stranger of strangers) expect(stranger.inbox()).toEqual([]);
    const undone = team.lab.rows('step').map(row => [row['name'], row['undo'], row['error']]);
    const error = 'the agent that undoes it is unregistered';
    expect(undone.slice(0, 2)).toEqual([
      ['book', 'failed', error],
      ['note', 'failed', error],
    ]);
    expect(team.summary(id)).toMatchObject({ status: 'cancelled' });
  });

  test('gets no step of a nested workflow, at any depth, also not by its approval', async () => {
    await using team = await Team.of('A', 'Payer', 'Boss');
    const inner = {
      workflow_type: 'inner',
      steps: [
        { agent: 'Payer', action: 'pay', on_failure: 'continue' },
        { id: 'gate', action: 'check', approval: { by: 'Boss' }, on_failure: 'continue' },
        { id: 'deep', action: 'deep', workflow: { workflow_type: 'deep', steps: [{ agent: 'Payer', action: 'pay' }] } },
      ],
    };
    team.start([
      { agent: 'A', action: 'read' },
      { action: 'inner', depends_on: ['read'], workflow: inner },
    ]);
    const strangers = [usurp(team, 'Payer'), usurp(team, 'Boss')];
    team.finish('A', 'read', { iban: 'DE00' });
    for (const stranger of strangers) expect(stranger.inbox()).toEqual([]);
    const ends = team.lab.rows('step').filter(row => row['name'] === 'pay' || row['name'] === 'gate');
    expect(ends.map(row => [row['state'], row['error']])).toEqual([
      ['failed', 'agent "Payer" is unregistered'],
      ['failed', 'approver "Boss" is unregistered'],
      ['failed', 'agent "Payer" is unregistered'],
    ]);
    for (const stranger of strangers) {
      for (const row of team.lab.rows('workflow')) {
        const read = { workflow: row['id'], from: 0, limit: 9 };
        expect(stranger.tryProcedure('workflow_steps', read)).toBe('workflow/unknown');
      }
    }
  });
});
