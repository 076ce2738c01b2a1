import { LIMITS } from '@agora/module/contract';
import { expect, test } from 'vitest';
import { type LabAgent, ModuleLab } from '../support/module-lab.ts';

async function scene() {
  const lab = await ModuleLab.open();
  const [ann, ben, eve] = ['Ann', 'Ben', 'Eve'].map(name => lab.register(name)) as [LabAgent, LabAgent, LabAgent];
  ann.attach();
  return { lab, ann, ben, eve, [Symbol.asyncDispose]: () => lab.close() };
}

const group = '#board';
/** The result of `groupChanges` is a product: a list of its members. */
function changes(agent: LabAgent, after = 0) {
  const args = { agent: agent.id, group, after, limit: 256 };
  const [owner, policy, rows] = agent.procedure('group_changes', args) as [string, string, [number, string, string][]];
  return { owner, policy, rows: rows.map(([no, name, change]) => `${no} ${name} ${change}`) };
}

test('a group by invitation is joined by invited agents only', async () => {
  await using all = await scene();
  const { ann, ben, eve } = all;
  ann.call('create_group', { agent: ann.id, group, policy: 'invitation' });
  expect(eve.tryCall('join_group', { agent: eve.id, group })).toBe('group/not-invited');
  ann.call('invite_to_group', { agent: ann.id, group, name: 'Ben' });
  ben.call('join_group', { agent: ben.id, group });
  expect(eve.tryCall('join_group', { agent: eve.id, group })).toBe('group/not-invited');
  // An invitation is used once.
  ben.call('leave_group', { agent: ben.id, group });
  expect(ben.tryCall('join_group', { agent: ben.id, group })).toBe('group/not-invited');
});

test('only the owner invites, removes and changes the policy; after it left, the member that joined first is the owner', async () => {
  await using all = await scene();
  const { ann, ben, eve } = all;
  ann.call('create_group', { agent: ann.id, group, policy: 'open' });
  ben.call('join_group', { agent: ben.id, group });
  eve.call('join_group', { agent: eve.id, group });
  const policy = { group, policy: 'invitation' };
  expect(ben.tryCall('create_group', { agent: ben.id, ...policy })).toBe('group/exists');
  expect(ben.tryCall('invite_to_group', { agent: ben.id, group, name: 'Eve' })).toBe('group/not-owner');
  expect(ben.tryCall('remove_from_group', { agent: ben.id, group, name: 'Eve' })).toBe('group/not-owner');
  ann.call('create_group', { agent: ann.id, ...policy });
  ann.call('unregister_agent', { agent: ann.id });
  expect(changes(ben)).toMatchObject({ owner: 'Ben', policy: 'invitation' });
  ben.call('remove_from_group', { agent: ben.id, group, name: 'Eve' });
  expect(ben.procedure('group_members', { agent: ben.id, group })).toEqual(['Ben']);
  expect(changes(ben, 3).rows).toEqual(['4 Ann left', '5 Eve left']);
});

test('members see who joins and leaves, strangers do not', async () => {
  await using all = await scene();
  const { lab, ann, ben, eve } = all;
  ann.call('join_group', { agent: ann.id, group });
  ben.call('join_group', { agent: ben.id, group });
  ben.call('leave_group', { agent: ben.id, group });
  expect(changes(ann).rows).toEqual(['1 Ann joined', '2 Ben joined', '3 Ben left']);
  expect(ben.tryProcedure('group_changes', { agent: ben.id, group, after: 0, limit: 1 })).toBe('group/unknown');
  expect(eve.tryProcedure('group_changes', { agent: eve.id, group, after: 0, limit: 1 })).toBe('group/unknown');
  for (let round = 0; round < LIMITS.groupChanges; round++) {
    ben.call('join_group', { agent: ben.id, group });
    ben.call('leave_group', { agent: ben.id, group });
  }
  expect(lab.rows('group_change')).toHaveLength(LIMITS.groupChanges);
  ann.call('leave_group', { agent: ann.id, group });
  expect([...lab.rows('group_change'), ...lab.rows('group_invitation'), ...lab.rows('agent_group')]).toEqual([]);
});

test('a name without an agent does not hold back the others of a list, and its sender learns which', async () => {
  await using all = await scene();
  const { lab, ann, ben, eve } = all;
  eve.call('unregister_agent', { agent: eve.id });
  ben.attach();
  ann.act({ Send: ann.message({ to: ['Ben', 'Eve', '#none', '@none'] }) });
  expect(ben.inbox()).toHaveLength(1);
  const reasons = ann.inbox().map(row => JSON.parse(String(row['envelope'])) as { payload: { reason: string } });
  expect(reasons.map(({ payload }) => payload.reason)).toEqual([
    'there is no agent "Eve"',
    expect.stringContaining('#none'),
    expect.stringContaining('none'),
  ]);
  expect(ann.tryAct({ Send: ann.message({ to: ['Eve', '#none'] }) })).toEqual(['message/unknown-recipient']);
  // A text that is no name would be part of the envelope.
  expect(ann.tryAct({ Send: ann.message({ to: ['Ben', 'a","from":"system'] }) })).toEqual([
    'message/unknown-recipient',
  ]);
  expect(lab.rows('message')).toHaveLength(1);
});
