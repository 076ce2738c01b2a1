import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt } from '../support/module-lab.ts';

describe('an agent', () => {
  test('is registered once under its name, and its owner may register it again with other fields', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada', { capabilities: ['review'] });
    expect(lab.rows('agent')).toMatchObject([
      { name: 'Ada', presence: 'offline', status: 'active', capabilities: ['review'] },
    ]);
    ada.call('register_agent', {
      name: 'Ada',
      agentType: 'coordinator',
      capabilities: ['review', 'merge'],
      metadata: '{"v":2}',
      credit: 0,
      strictPriority: false,
    });
    expect(lab.rows('agent')).toMatchObject([{ agent_type: 'coordinator', capabilities: ['review', 'merge'] }]);
    expect(lab.rows('agent_capability').map(row => row['capability'])).toEqual(['review', 'merge']);
    expect(lab.tryRegister('Ada')).toBe('agent/name-taken');
  });

  test.each([
    [{ name: '' }, 'agent/bad-name'],
    [{ name: '-x' }, 'agent/bad-name'],
    [{ name: 'system' }, 'agent/bad-name'],
    [{ name: 'x'.repeat(65) }, 'agent/bad-name'],
    [{ agentType: 'two words' }, 'agent/bad-type'],
    [{ capabilities: ['a', 'a'] }, 'agent/bad-capability'],
    [{ capabilities: ['a b'] }, 'agent/bad-capability'],
    [{ metadata: '[]' }, 'agent/bad-metadata'],
    [{ metadata: '{' }, 'agent/bad-metadata'],
    [{ credit: 257 }, 'agent/bad-credit'],
  ])('with %j is refused as %s, and leaves nothing', async (wrong, code) => {
    await using lab = await ModuleLab.open();
    expect(lab.tryRegister('Ada', wrong)).toBe(code);
    expect(lab.rows('agent')).toEqual([]);
    expect(lab.rows('event_log')).toEqual([]);
  });

  test('is online while at least one connection is attached to it', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    const presence = () => lab.rows('agent')[0]?.['presence'];
    ada.attach();
    const second = ada.again();
    second.attach();
    ada.leave();
    expect(presence()).toBe('online');
    second.leave();
    expect(presence()).toBe('offline');
    expect(lab.rows('attachment')).toEqual([]);
  });

  test('is changed, watched and removed by its owner only', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    const eve = lab.register('Eve');
    expect(eve.tryCall('set_status', { agent: ada.id, status: 'away' })).toBe('agent/not-yours');
    expect(eve.tryCall('unregister_agent', { agent: ada.id })).toBe('agent/not-yours');
    expect(eve.tryCall('attach_agent', { agent: ada.id })).toBe('agent/not-yours');
    expect(eve.tryCall('heartbeat', { agents: [ada.id], withinMs: 0 })).toBe('agent/not-yours');
    expect(eve.tryCall('set_status', { agent: 77, status: 'away' })).toBe('agent/unknown');
    expect(ada.tryCall('set_status', { agent: ada.id, status: 'asleep' })).toBe('agent/bad-status');
    ada.call('set_status', { agent: ada.id, status: 'draining' });
    ada.call('heartbeat', { agents: [ada.id], withinMs: 0 });
    expect(lab.rows('agent')[0]).toMatchObject({ name: 'Ada', status: 'draining' });
    expect(lab.rows('pulse')).toHaveLength(1);
  });

  test('with the name of a removed agent inherits no state from it', async () => {
    await using lab = await ModuleLab.open();
    const sender = lab.register('Sender');
    const before = lab.register('Ada');
    sender.send('Ada');
    before.call('unregister_agent', { agent: before.id });
    const after = lab.register('Ada');
    after.attach();
    lab.advance(1_000);
    expect(after.id).not.toBe(before.id);
    expect(after.inbox()).toEqual([]);
    expect(lab.rows('agent').map(row => row['name'])).toEqual(['Sender', 'Ada']);
  });
});

describe('an event', () => {
  test('is kept in order and read in pages, and a cursor from the future is refused', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    const first = Number(lab.rows('event_log').length);
    for (let at = 0; at < 5; at++) {
      ada.act({
        Publish: { id: uuidAt(lab.nowMs, at), agent: ada.id, type: 'build.failed', data: `{"at":${at}}`, headers: '' },
      });
    }
    ada.act({
      Publish: { id: uuidAt(lab.nowMs, 4), agent: ada.id, type: 'build.failed', data: '{"at":4}', headers: '' },
    });
    const page = ada.procedure('read_events', { after: first + 1, limit: 3 }) as [string, number, number, unknown[][]];
    expect(page[0]).toBe('ok');
    expect(page[2]).toBe(first + 5);
    expect(page[3].map(row => [row[0], row[2], row[3], row[4]])).toEqual([
      [first + 2, 'build.failed', 'Ada', '{"at":1}'],
      [first + 3, 'build.failed', 'Ada', '{"at":2}'],
      [first + 4, 'build.failed', 'Ada', '{"at":3}'],
    ]);
    expect(ada.procedure('read_events', { after: 99, limit: 3 })).toEqual(['ahead', 1, first + 5, []]);
  });

  test.each([
    [{ type: 'agent_registration' }, 'event/reserved-type'],
    [{ type: 'has blanks' }, 'event/bad-type'],
    [{ data: '{' }, 'event/bad-data'],
    [{ id: 'x' }, 'event/bad-id'],
  ])('with %j is refused as %s', async (wrong, code) => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    const event = { id: uuidAt(lab.nowMs, 1), agent: ada.id, type: 'fine', data: '{}', headers: '', ...wrong };
    expect(ada.tryAct({ Publish: event })).toEqual([code]);
  });
});

describe('operators', () => {
  test('begin with the publisher, are granted and revoked by operators, and at least one remains', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    expect(ada.tryCall('grant_operator', { identity: ada.identityArg })).toBe('operator/required');
    lab.owner.call('grant_operator', { identity: ada.identityArg });
    ada.call('revoke_operator', { identity: lab.owner.identityArg });
    expect(ada.tryCall('revoke_operator', { identity: ada.identityArg })).toBe('operator/last');
    expect(lab.rows('operator')).toHaveLength(1);
  });
});

describe('an inbox', () => {
  test('shows its owner its own rows, and none of another owner', async () => {
    await using lab = await ModuleLab.open();
    const [ada, ben, eve] = ['Ada', 'Ben', 'Eve'].map(name => lab.register(name));
    for (const agent of [ada, ben, eve]) agent?.attach();
    ada?.send('Ben', { payload: '{"secret":1}' });
    expect(ben?.inbox()).toHaveLength(1);
    expect([...(ada?.inbox() ?? []), ...(eve?.inbox() ?? [])]).toEqual([]);
    const delivery = ben?.inbox()[0]?.['id'];
    expect(ben?.procedure('read_payload', { delivery })).toBe('{"secret":1}');
    expect(() => eve?.procedure('read_payload', { delivery })).toThrow('delivery/unknown');
    expect(eve?.tryAct({ Acknowledge: { delivery, attempt: 1 } })).toEqual(['delivery/unknown']);
  });

  test('leaves a payload over 4 KiB out of the envelope, and a procedure reads it whole', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    const ben = lab.register('Ben');
    ben.attach();
    const payload = JSON.stringify({ text: 'é'.repeat(4_000) });
    ada.send('Ben', { payload });
    const [row] = ben.inbox();
    const envelope = JSON.parse(String(row?.['envelope'])) as Record<string, unknown>;
    expect(envelope['payload']).toBeUndefined();
    expect(envelope['payloadBytes']).toBe(Buffer.byteLength(payload));
    expect(ben.procedure('read_payload', { delivery: row?.['id'] })).toBe(payload);
  });
});
