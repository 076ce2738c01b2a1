// Pages of the whole hub: messages, workflows, agents, groups, queues, settings; and the attempts of a delivery.

import { HUB_DEFAULTS, LIMITS } from '@agora/module/contract';
import { expect, test } from 'vitest';
import { ModuleLab, type LabAgent, uuidAt } from '../support/module-lab.ts';
import { storedBytes } from './stored-bytes.ts';

type Reader = Pick<LabAgent, 'procedure'>;
type Page = readonly [rows: readonly (readonly unknown[])[], next: number];

/** Reads all pages; each begins where the last one ended. */
function readAll(reader: Reader, name: string, cursor: 'before' | 'after', args: object) {
  const rows: (readonly unknown[])[] = [];
  let pages = 0;
  for (let at: unknown = 0; pages === 0 || at !== 0; pages++) {
    const page = reader.procedure(name, { limit: 10, ...args, [cursor]: at }) as readonly unknown[];
    rows.push(...(page[0] as Page[0])); // as the contract describes it
    at = page.at(-1);
  }
  return { rows, pages };
}

const payloadOf = (row: readonly unknown[]) => (JSON.parse(String(row[3])) as { payload: unknown }).payload; // an envelope

test('the messages of all senders come newest first, across a burst and gaps', async () => {
  await using lab = await ModuleLab.open();
  const [ada, bob] = [lab.register('Ada'), lab.register('Bob')];
  let n = 0;
  const send = (from: LabAgent, count: number, type = 'note') =>
    from.act(
      ...Array.from({ length: count }, () => ({ Send: from.message({ to: ['Bob'], payload: String(++n), type }) })),
    );
  send(ada, 3);
  lab.advance(7_200_000);
  for (let batch = 0; batch < 8; batch++) {
    send(batch % 2 === 0 ? ada : bob, 200);
    lab.advance(1);
  }
  lab.advance(600_000);
  send(bob, 1, 'late.note');
  const { rows, pages } = readAll(lab.owner, 'list_messages', 'before', { text: '', kind: '' });
  const numbers = rows.map(row => Number(payloadOf(row)));
  expect([...numbers].sort((a, b) => b - a)).toEqual(Array.from({ length: n }, (_, at) => n - at));
  expect(numbers[0]).toBe(n);
  expect(new Set(numbers.slice(-3))).toEqual(new Set([1, 2, 3]));
  expect(pages).toBeGreaterThan(2);
  const find = (text: string, kind = '') =>
    readAll(lab.owner, 'list_messages', 'before', { text, kind }).rows.map(payloadOf);
  expect(find('LATE.')).toEqual([n]);
  expect(find(String(n))).toEqual([n]);
  expect(find('', 'ask')).toEqual([]);
  expect(ada.tryProcedure('list_messages', { before: 0, limit: 1, text: '', kind: '' })).toBe('operator/required');
});

test('a page of messages that looks at many ends before its limit, and the next one continues', async () => {
  await using lab = await ModuleLab.open();
  const ada = lab.register('Ada');
  for (let batch = 0; batch < 18; batch++) {
    ada.act(...Array.from({ length: 256 }, () => ({ Send: ada.message({ to: ['Ada'], payload: '"x"' }) })));
    lab.advance(1_000);
  }
  ada.send('Ada', { payload: '"sought"' });
  lab.advance(1_000);
  ada.act(...Array.from({ length: 250 }, () => ({ Send: ada.message({ to: ['Ada'], payload: '"x"' }) })));
  const page = (before: unknown, text: string) =>
    lab.owner.procedure('list_messages', { before, limit: 10, text, kind: '' }) as Page;
  const [none, next] = page(0, 'nowhere');
  expect([none, next > 0]).toEqual([[], true]);
  expect(page(next, 'nowhere')).toEqual([[], 0]);
  expect(page(0, 'sought')[0].map(payloadOf)).toEqual(['sought']);
});

test('workflows come newest first, by status and text, also to a member that is no operator', async () => {
  await using lab = await ModuleLab.open();
  const [ada, eve] = [lab.register('Ada'), lab.register('Eve')];
  const ids = Array.from({ length: 25 }, (_, at) => {
    lab.advance(60_000);
    const id = uuidAt(lab.nowMs, at);
    const definition = { workflow_type: at === 7 ? 'release' : 'nightly', steps: [{ agent: 'Ada', action: 'run' }] };
    ada.call('start_workflow', { id, agent: ada.id, definition: JSON.stringify(definition) });
    return id;
  });
  ada.call('cancel_workflow', { workflow: ids[3], reason: '' });
  const find = (status: string, text: string) =>
    readAll(eve, 'list_workflows', 'before', { status, text }).rows.map(([id]) => id);
  expect(find('', '')).toEqual([...ids].reverse());
  expect(find('cancelled', '')).toEqual([ids[3]]);
  expect(find('', 'RELEASE')).toEqual([ids[7]]);
  expect(find('succeeded', '')).toEqual([]);
});

test('agents are searched by the hub, and their load is shown to their owner and operators', async () => {
  await using lab = await ModuleLab.open();
  for (let n = 1; n <= 25; n++) lab.register(`Agent-${n}`, n === 9 ? { capabilities: ['dive'] } : {});
  const eve = lab.register('Eve');
  eve.attach();
  eve.send('Agent-9');
  const find = (reader: Reader, filter: object) =>
    readAll(reader, 'list_agents', 'after', { text: '', presence: '', owner: '', ...filter }).rows.map(row => row[1]);
  expect(find(eve, {})).toHaveLength(26);
  expect(find(eve, { text: '@DIV' })).toEqual(['Agent-9']);
  expect(find(eve, { presence: 'online' })).toEqual(['Eve']);
  expect(find(eve, { owner: eve.identityArg[0].slice(2).padStart(64, '0') })).toEqual(['Eve']);
  const loads = (reader: Reader) =>
    (reader.procedure('list_agents', { after: 0, limit: 50, text: '-9', presence: '', owner: '' }) as unknown[])[1];
  expect(loads(eve)).toEqual([]);
  expect(loads(lab.owner)).toEqual([[9, 0, 1]]);
});

test('operators list groups and their members without an agent of theirs', async () => {
  await using lab = await ModuleLab.open();
  const ada = lab.register('Ada');
  for (const group of ['#writers', '#readers']) ada.call('join_group', { agent: ada.id, group });
  expect(lab.owner.procedure('list_groups', { text: '', limit: 10 })).toEqual([
    2,
    [
      ['readers', 1],
      ['writers', 1],
    ],
  ]);
  expect(lab.owner.procedure('list_groups', { text: 'wri', limit: 10 })).toEqual([2, [['writers', 1]]]);
  expect(lab.owner.procedure('group_members', { agent: 0, group: '#writers' })).toEqual(['Ada']);
  expect(lab.register('Eve').tryProcedure('group_members', { agent: 0, group: '#writers' })).toBe('agent/unknown');
});

test('the longest queues come first, each with its oldest delivery', async () => {
  await using lab = await ModuleLab.open();
  const ada = lab.register('Ada');
  lab.register('Long');
  lab.register('Short', { capabilities: ['dive'] });
  const first = lab.now;
  ada.send('Short');
  lab.advance(5_000);
  for (let n = 0; n < 3; n++) ada.send('Long');
  ada.send('@dive');
  const [rows, oldestAt, oldestOf, next] = lab.owner.procedure('longest_queues', { after: 0, limit: 2 }) as [
    unknown[][],
    unknown,
    unknown,
    unknown,
  ];
  expect(rows.map(([, name, , held, waiting]) => [name, held, waiting])).toEqual([
    ['Long', 0, 3],
    ['Short', 0, 1],
  ]);
  expect([BigInt(String(oldestAt)), oldestOf, next]).toEqual([first, 'Short', 0]);
});

test('the settings are the defaults of the contract, until an operator changes them, and after a reset', async () => {
  await using lab = await ModuleLab.open();
  const { rate, burst, unfinished, inboxLength, fanOut, storedBytes: bytes, hops } = HUB_DEFAULTS;
  const { keepMessagesMs, keepEventsMs, keepWorkflowsMs } = HUB_DEFAULTS;
  const defaults = [rate, burst, unfinished, inboxLength, fanOut];
  const rest = [bytes, keepMessagesMs, keepEventsMs, keepWorkflowsMs, hops];
  const settings = () => lab.owner.procedure('hub_settings', {});
  expect(settings()).toEqual([...defaults, ...rest]);
  lab.owner.call('set_quota', { agent: 0, rate: 7 });
  lab.owner.call('set_hub_limits', { keepEventsMs: 90_000 });
  expect(settings()).toEqual([7, ...defaults.slice(1), bytes, keepMessagesMs, 90_000, keepWorkflowsMs, hops]);
  lab.owner.call('clear_quota', { agent: 0 });
  expect(settings()).toEqual([...defaults, bytes, keepMessagesMs, 90_000, keepWorkflowsMs, hops]);
});

test('each failed attempt is kept with its reason, charged to the sender, and deleted after the retention', async () => {
  await using lab = await ModuleLab.open();
  const [ada, bob] = [lab.register('Ada'), lab.register('Bob')];
  bob.attach();
  const id = lab.nextMessageId();
  ada.send('Bob', { id });
  const fail = (reason: string) =>
    bob.act(
      ...bob.inbox().map(row => ({ Fail: { delivery: row['id'], attempt: row['attempt'], reason, retry: true } })),
    );
  fail('no disk');
  lab.advance(LIMITS.leaseMs + 10_000);
  const attempts = (reader: Reader) =>
    (reader.procedure('message_attempts', { agent: ada.id, message: id }) as unknown[][]).map(row => row.slice(2, 5));
  const expected = [
    ['Bob', 1, 'no disk'],
    ['Bob', 2, 'the lease ended'],
  ];
  expect(attempts(ada)).toEqual(expected);
  expect(attempts(lab.owner)).toEqual(expected);
  expect(bob.tryProcedure('message_attempts', { agent: ada.id, message: id })).toBe('agent/not-yours');
  expect(storedBytes(lab)).toBe(Number(lab.rows('tally')[0]?.['bytes']));
  bob.act(...bob.inbox().map(row => ({ Acknowledge: { delivery: row['id'], attempt: row['attempt'] } })));
  lab.advance(HUB_DEFAULTS.keepMessagesMs + LIMITS.clockSkewMs + 120_000);
  expect(lab.rows('failed_attempt')).toEqual([]);
  expect(storedBytes(lab)).toBe(Number(lab.rows('tally')[0]?.['bytes']));
});
