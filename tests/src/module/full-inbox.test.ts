import { expect, test } from 'vitest';
import { ModuleLab, type LabAgent } from '../support/module-lab.ts';

/** A sender, an agent whose inbox is full, and one that is not. */
async function scene() {
  const lab = await ModuleLab.open();
  const ada = lab.register('Ada');
  const full = lab.register('Full');
  const bob = lab.register('Bob');
  bob.attach();
  lab.owner.call('set_quota', { agent: full.id, inboxLength: 1 });
  bob.send('Full');
  return { lab, ada, full, bob, [Symbol.asyncDispose]: () => lab.close() };
}

const payloads = (agent: LabAgent) =>
  agent.inbox().map(row => [row['kind'], (JSON.parse(String(row['envelope'])) as { payload: unknown }).payload]);

test.each(['group', 'list'])('a full member of a %s does not block the others, and the sender learns it', async how => {
  await using all = await scene();
  const { lab, ada, full, bob } = all;
  for (const agent of [ada, full, bob]) agent.call('join_group', { agent: agent.id, group: '#team' });
  const message = ada.send(how === 'group' ? '#team' : '', how === 'group' ? {} : { to: ['Full', 'Bob'] });
  expect(bob.inbox()).toMatchObject([{ message }]);
  const reason = expect.stringContaining('"Full" has its maximum') as string;
  expect(payloads(ada)).toEqual([['dead', { reason }]]);
  expect(lab.rows('dead_letter')).toMatchObject([{ message, agent: full.id, reason }]);
  bob.act({ Acknowledge: { delivery: bob.inbox()[0]?.['id'], attempt: 1 } });
  expect(lab.rows('account').find(row => row['agent'] === ada.id)).toMatchObject({ unfinished: 0 });
});

test('a single full recipient, or only full ones, are refused', async () => {
  await using all = await scene();
  expect(all.ada.trySend('Full')).toEqual(['inbox/full']);
});

test('a redrive to a full inbox is refused, and delivers once there is room', async () => {
  await using all = await scene();
  const { ada, full, lab } = all;
  ada.send('', { to: ['Full', 'Bob'] });
  expect(ada.tryCall('redrive', { no: 1 })).toBe('inbox/full');
  full.attach();
  full.act({ Acknowledge: { delivery: full.inbox()[0]?.['id'], attempt: 1 } });
  ada.call('redrive', { no: 1 });
  expect(full.inbox()).toMatchObject([{ sender: ada.id }]);
  expect(lab.rows('dead_letter')).toEqual([]);
});
