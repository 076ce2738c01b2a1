import { LIMITS } from '@agora/module/contract';
import { expect, test } from 'vitest';
import { ModuleLab } from '../support/module-lab.ts';

test('a message that was withdrawn before its offer is not shown to its recipient', async () => {
  await using lab = await ModuleLab.open();
  const ada = lab.register('Ada');
  const bob = lab.register('Bob');
  bob.attach();
  const message = ada.send('Bob', { delayMs: 60_000, payload: '{"oops":1}' });
  ada.act({ Cancel: { agent: ada.id, message, reason: '' } });
  const seen = ada.send('Bob');
  ada.act({ Cancel: { agent: ada.id, message: seen, reason: '' } });
  const page = bob.procedure('received_messages', { agent: bob.id, before: 0, limit: 10 });
  expect(JSON.stringify(page)).toContain(seen);
  expect(JSON.stringify(page)).not.toContain(message);
});

test('the event of a failed workflow has no text of an agent', async () => {
  await using lab = await ModuleLab.open();
  const ada = lab.register('Ada');
  const bob = lab.register('Bob');
  bob.attach();
  const definition = JSON.stringify({ workflow_type: 'pay', steps: [{ agent: 'Bob', action: 'pay' }] });
  ada.call('start_workflow', { id: lab.nextMessageId(), agent: ada.id, definition });
  bob.act({ FailStep: { delivery: bob.inbox()[0]?.['id'], attempt: 1, error: 'card 4111 declined', retry: false } });
  expect(lab.rows('event_log').map(row => row['type'])).toContain('workflow_failed');
  expect(JSON.stringify(lab.rows('event_log').map(row => row['data']))).not.toContain('4111');
  expect(ada.view('my_workflows')).toMatchObject([{ reason: expect.stringContaining('4111') as string }]);
});

test('a revoked operator of a closed hub is offered nothing further', async () => {
  await using lab = await ModuleLab.open();
  const ada = lab.register('Ada');
  const bob = lab.register('Bob');
  bob.attach();
  for (const agent of [ada, bob]) lab.owner.call('grant_operator', { identity: agent.identityArg });
  lab.owner.call('set_admission', { mode: 'closed' });
  lab.advance(1_000);
  lab.owner.call('revoke_operator', { identity: bob.identityArg });
  lab.advance(1_000);
  ada.send('Bob');
  expect(lab.rows('agent').find(row => row['name'] === 'Bob')).toMatchObject({ presence: 'offline' });
  expect(bob.inbox()).toEqual([]);
});

test('a heartbeat names a bounded number of agents', async () => {
  await using lab = await ModuleLab.open();
  const ada = lab.register('Ada');
  const agents = Array.from({ length: LIMITS.agentsPerIdentity + 1 }, () => ada.id);
  expect(ada.tryCall('heartbeat', { agents, withinMs: 0 })).toBe('agent/too-many');
});
