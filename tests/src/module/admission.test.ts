import { describe, expect, test } from 'vitest';
import { ModuleLab } from '../support/module-lab.ts';

const acts = (lab: ModuleLab) =>
  lab
    .rows('event_log')
    .filter(row => row['type'] === 'operator_act')
    .map(row => (JSON.parse(String(row['data'])) as { action: string }).action);

const TOKEN = { iss: 'https://id.example', aud: ['agora'], sub: 'ann', iat: 1 };

describe('a closed hub', () => {
  test('admits operators and admitted identities, and refuses every call of others', async () => {
    await using lab = await ModuleLab.open();
    const eve = lab.register('Eve');
    eve.attach();
    lab.owner.call('set_admission', { mode: 'closed' });
    const ann = lab.visitor();
    lab.owner.call('admit_identity', { identity: ann.identityArg, note: 'a colleague' });
    expect([lab.owner.connect(), ann.connect(), lab.visitor().connect()]).toEqual([true, true, false]);
    expect(eve.tryCall('watch_workflow', { workflow: 'x' })).toBe('hub/not-admitted');
    expect(eve.tryCall('unwatch_workflow', { workflow: 'x' })).toBe('hub/not-admitted');
    expect(
      eve.tryCall('perform_acts', {
        acts: [{ Publish: { id: 'x', agent: eve.id, type: 'a', data: '1', headers: '' } }],
      }),
    ).toBe('hub/not-admitted');
    expect(eve.tryProcedure('read_events', { after: 0, limit: 1 })).toBe('hub/not-admitted');
    expect(eve.tryProcedure('workflow_steps', { workflow: 'x', from: 0, limit: 1 })).toBe('hub/not-admitted');
    lab.advance(1_000);
    expect(lab.rows('agent')).toMatchObject([{ name: 'Eve', presence: 'offline' }]);
    expect(acts(lab)).toEqual(['set_admission', 'admit_identity']);
  });

  test('admits identities that an issuer names to its audience, and records that once', async () => {
    await using lab = await ModuleLab.open();
    lab.owner.call('set_admission', { mode: 'closed' });
    lab.owner.call('admit_issuer', { issuer: TOKEN.iss, audience: 'agora', note: '' });
    const ann = lab.visitor(TOKEN);
    expect(ann.connect()).toBe(true);
    ann.disconnect();
    expect(ann.connect()).toBe(true);
    expect(lab.rows('member')).toHaveLength(1);
    expect(lab.visitor({ ...TOKEN, aud: ['other'] }).connect()).toBe(false);
    expect(lab.visitor({ ...TOKEN, iss: 'https://other.example' }).connect()).toBe(false);
  });

  test('unregisters the agents of identities that it no longer admits', async () => {
    await using lab = await ModuleLab.open();
    const eve = lab.register('Eve');
    lab.owner.call('admit_identity', { identity: eve.identityArg, note: '' });
    lab.owner.call('set_admission', { mode: 'closed' });
    eve.attach();
    lab.advance(1_000);
    expect(lab.rows('agent')).toMatchObject([{ presence: 'online' }]);
    lab.owner.call('expel', { rule: lab.rows('admission_rule')[0]?.['id'] });
    lab.advance(1_000);
    expect(lab.rows('agent')).toMatchObject([{ presence: 'offline' }]);
    expect(lab.rows('attachment')).toEqual([]);
    expect(eve.tryCall('attach_agent', { agent: eve.id })).toBe('hub/not-admitted');
  });
});

describe('admission', () => {
  test('is for operators only, and needs an issuer and an audience', async () => {
    await using lab = await ModuleLab.open();
    const eve = lab.register('Eve');
    expect(eve.tryCall('set_admission', { mode: 'closed' })).toBe('operator/required');
    expect(eve.tryCall('admit_identity', { identity: eve.identityArg, note: '' })).toBe('operator/required');
    const { owner } = lab;
    expect(owner.tryCall('set_admission', { mode: 'ajar' })).toBe('hub/bad-admission');
    for (const [issuer, audience] of [
      ['', 'agora'],
      ['https://id.example', ''],
      ['localhost', 'agora'],
    ]) {
      expect(owner.tryCall('admit_issuer', { issuer, audience, note: '' })).toBe('hub/bad-admission');
    }
  });

  test('writes no row on an open hub', async () => {
    await using lab = await ModuleLab.open();
    lab.owner.call('admit_issuer', { issuer: TOKEN.iss, audience: 'agora', note: '' });
    expect(lab.visitor(TOKEN).connect()).toBe(true);
    expect(lab.rows('member')).toEqual([]);
    expect(lab.rows('keeper')).toHaveLength(1);
  });
});
