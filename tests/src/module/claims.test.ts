// Claims of resources: conflicts, the queue, ends, numbers, limits.

import { LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt, type LabAgent, type Row } from '../support/module-lab.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Agents of one lab that claim. */
class Claims {
  readonly lab: ModuleLab;
  #count = 0;

  constructor(lab: ModuleLab) {
    this.lab = lab;
  }

  agent(name: string): LabAgent {
    const agent = this.lab.register(name);
    agent.attach();
    return agent;
  }

  /** The fields of a claim; `keys` are paths, or names after `name:`. */
  fields(agent: LabAgent, keys: string | readonly string[], options: Fields = {}): Fields {
    const resources = [keys].flat().map(key => {
      const name = /^name:(.*)$/.exec(key)?.[1];
      return name === undefined ? { kind: 'path', key } : { kind: 'name', key: name };
    });
    const id = uuidAt(this.lab.nowMs, ++this.#count);
    return { id, agent: agent.id, resources, shared: false, leaseMs: 0, waitMs: 0, note: '', ...options };
  }

  /** Claims and returns the id. */
  claim(agent: LabAgent, keys: string | readonly string[], options: Fields = {}): string {
    const fields = this.fields(agent, keys, options);
    agent.act({ Claim: fields });
    return String(fields['id']);
  }

  /** The code of the refusal of a claim. */
  refused(agent: LabAgent, keys: string | readonly string[], options: Fields = {}): string | undefined {
    return agent.tryAct({ Claim: this.fields(agent, keys, options) })[0];
  }

  row(id: string): Row | undefined {
    return this.lab.rows('claim').find(row => row['id'] === id);
  }

  state(id: string): unknown {
    return this.row(id)?.['state'];
  }

  number(id: string): number {
    return Number(this.row(id)?.['number']);
  }
}

function notices(agent: LabAgent): { readonly type: unknown; readonly payload: Fields }[] {
  return agent
    .inbox()
    .filter(row => row['kind'] === 'claim')
    .map(row => JSON.parse(String(row['envelope'])) as { type: unknown; payload: Fields });
}

const waitMs = 60_000;

describe('a claim', () => {
  test('of several resources is granted as a whole or not at all', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo] = [claims.agent('Ada'), claims.agent('Bo')];
    const held = claims.claim(ada, ['src/a.ts', 'name:deploy'], { note: 'a fix' });
    expect(claims.row(held)).toMatchObject({ state: 'held', name: 'Ada', number: 1, note: 'a fix' });
    expect(claims.refused(bo, ['src/b.ts', 'name:deploy'])).toBe('claim/held');
    expect(claims.state(claims.claim(bo, 'src/b.ts'))).toBe('held');
  });

  test('is refused with each holder, its note and the end of its lease', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo] = [claims.agent('Ada'), claims.agent('Bo')];
    claims.claim(ada, 'src/**', { note: 'renames' });
    const text = bo.tryCallText('perform_acts', { acts: [{ Claim: claims.fields(bo, 'src/a.ts') }] });
    expect(text).toContain('src/** is held by \\"Ada\\" until 2026-01-05T12:01:00.000Z (renames)');
  });

  test.each([
    ['src/**', 'src/deep/a.ts', true],
    ['src/deep/a.ts', 'src/**', true],
    ['src/**', 'src', true],
    ['src', 'src/**', true],
    ['docs/*.md', 'docs/a.md', true],
    ['docs/*.md', 'docs/a/b.md', false],
    ['**/package.json', 'client/package.json', true],
    ['client/package.json', '**/package.json', true],
    ['**', 'any/path', true],
    ['src/a*', 'src/*b', true],
    ['src/a', 'srcs', false],
    ['src/a/**', 'src/b/**', false],
    ['src', 'name:src', false],
    ['name:a', 'name:a', true],
    ['name:a*', 'name:ab', false],
  ])('of %s conflicts with %s: %s', async (first, second, isConflict) => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo] = [claims.agent('Ada'), claims.agent('Bo')];
    claims.claim(ada, first);
    const waiting = claims.claim(bo, second, { waitMs });
    expect(claims.state(waiting)).toBe(isConflict ? 'waiting' : 'held');
  });

  test('that is shared conflicts only with exclusive ones', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo, eve] = [claims.agent('Ada'), claims.agent('Bo'), claims.agent('Eve')];
    claims.claim(ada, 'src/**', { shared: true });
    expect(claims.state(claims.claim(bo, 'src/a.ts', { shared: true }))).toBe('held');
    expect(claims.refused(eve, 'src/a.ts')).toBe('claim/held');
    expect(claims.refused(eve, 'src/**')).toBe('claim/held');
  });

  test('of the agent itself conflicts too: waiting for it would never end', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const ada = claims.agent('Ada');
    claims.claim(ada, 'src/**');
    expect(claims.refused(ada, 'src/a.ts')).toBe('claim/held');
    expect(claims.refused(ada, 'src/a.ts', { waitMs })).toBe('claim/deadlock');
  });

  test('is idempotent by its id, and refused with other resources', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const ada = claims.agent('Ada');
    const fields = claims.fields(ada, 'src/a.ts');
    ada.act({ Claim: fields }, { Claim: fields });
    expect(lab.rows('claim')).toHaveLength(1);
    expect(ada.tryAct({ Claim: { ...fields, shared: true } })).toEqual(['claim/id-reused']);
  });

  test.each([
    ['no resource', { resources: [] }, 'claim/bad-resource'],
    ['an absolute path', { resources: [{ kind: 'path', key: '/etc' }] }, 'claim/bad-resource'],
    ['a path with ..', { resources: [{ kind: 'path', key: 'a/../b' }] }, 'claim/bad-resource'],
    ['an unknown kind', { resources: [{ kind: 'port', key: '80' }] }, 'claim/bad-resource'],
    ['an empty name', { resources: [{ kind: 'name', key: '' }] }, 'claim/bad-resource'],
    ['a lease below the limit', { leaseMs: LIMITS.minClaimLeaseMs - 1 }, 'claim/bad-time'],
    ['a lease above the limit', { leaseMs: LIMITS.maxLeaseMs + 1 }, 'claim/bad-time'],
    ['a wait above the limit', { waitMs: LIMITS.claimWaitMs + 1 }, 'claim/bad-time'],
    ['a bad id', { id: 'x' }, 'claim/bad-id'],
  ])('with %s is refused', async (_, fields, code) => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    expect(claims.refused(claims.agent('Ada'), 'src/a.ts', fields)).toBe(code);
  });
});

describe('a waiting claim', () => {
  test('is granted in the transaction that frees the resource, with a higher number and a notice', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo] = [claims.agent('Ada'), claims.agent('Bo')];
    const first = claims.claim(ada, 'src/a.ts');
    const second = claims.claim(bo, 'src/**', { waitMs });
    expect(claims.row(second)).toMatchObject({ state: 'waiting', ahead: 1, number: 0 });
    ada.act({ ReleaseClaim: { claim: first } });
    expect(claims.row(second)).toMatchObject({ state: 'held', ahead: 0, number: 2 });
    expect(notices(bo)).toMatchObject([{ type: 'claim_granted', payload: { claim: second, number: 2 } }]);
  });

  test('is not overtaken by a later one that conflicts with it', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo, eve] = [claims.agent('Ada'), claims.agent('Bo'), claims.agent('Eve')];
    const first = claims.claim(ada, 'src/a.ts', { shared: true });
    const exclusive = claims.claim(bo, 'src/a.ts', { waitMs });
    expect(claims.refused(eve, 'src/a.ts', { shared: true })).toBe('claim/held');
    const later = claims.claim(eve, 'src/a.ts', { shared: true, waitMs });
    ada.act({ ReleaseClaim: { claim: first } });
    expect([claims.state(exclusive), claims.state(later)]).toEqual(['held', 'waiting']);
    bo.act({ ReleaseClaim: { claim: exclusive } });
    expect(claims.state(later)).toBe('held');
  });

  test('ends at its deadline with a notice; those behind it move up', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo, eve] = [claims.agent('Ada'), claims.agent('Bo'), claims.agent('Eve')];
    const first = claims.claim(ada, 'src/a.ts', { shared: true, leaseMs: LIMITS.maxLeaseMs });
    const exclusive = claims.claim(bo, 'src/a.ts', { waitMs: 5_000 });
    const later = claims.claim(eve, 'src/a.ts', { shared: true, waitMs });
    lab.advance(5_500);
    expect([claims.state(first), claims.state(exclusive), claims.state(later)]).toEqual(['held', undefined, 'held']);
    expect(notices(bo)).toMatchObject([{ type: 'claim_ended', payload: { end: 'timed_out', number: 0 } }]);
  });

  test('is refused with the cycle if its holder waits for the agent', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo, eve] = [claims.agent('Ada'), claims.agent('Bo'), claims.agent('Eve')];
    claims.claim(ada, 'a');
    claims.claim(bo, 'b');
    claims.claim(eve, 'c');
    claims.claim(ada, 'b', { waitMs });
    claims.claim(bo, 'c', { waitMs });
    const text = eve.tryCallText('perform_acts', { acts: [{ Claim: claims.fields(eve, 'a', { waitMs }) }] });
    expect(text).toContain('claim/deadlock');
    expect(text.replaceAll('\\"', '')).toContain('Eve waits for Ada (a), Ada waits for Bo (b), Bo waits for Eve (c)');
    expect(claims.state(claims.claim(eve, 'd', { waitMs }))).toBe('held');
  });
});

describe('a held claim', () => {
  test('ends with its lease unless it is extended', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const ada = claims.agent('Ada');
    const id = claims.claim(ada, 'src/a.ts', { leaseMs: 10_000 });
    lab.advance(8_000);
    ada.act({ ExtendClaim: { claim: id, ms: 10_000 } });
    lab.advance(9_000);
    expect(claims.state(id)).toBe('held');
    lab.advance(2_000);
    expect(claims.state(id)).toBeUndefined();
    expect(notices(ada)).toMatchObject([{ type: 'claim_ended', payload: { end: 'expired', number: 1 } }]);
    expect(ada.tryAct({ ExtendClaim: { claim: id, ms: 10_000 } })).toEqual(['claim/lost']);
  });

  test('is kept over a short absence of its holder, and freed after the grace', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo] = [claims.agent('Ada'), claims.agent('Bo')];
    const id = claims.claim(ada, 'src/a.ts', { leaseMs: LIMITS.maxLeaseMs });
    const next = claims.claim(bo, 'src/a.ts', { waitMs });
    ada.leave();
    lab.advance(LIMITS.graceMs - 1_000);
    ada.attach();
    lab.advance(LIMITS.graceMs);
    expect(claims.state(id)).toBe('held');
    ada.leave();
    lab.advance(LIMITS.graceMs + 500);
    expect([claims.state(id), claims.state(next)]).toEqual([undefined, 'held']);
    ada.attach();
    expect(notices(ada)).toMatchObject([{ payload: { end: 'absent' } }]);
  });

  test('that was requested while its agent was offline ends by its lease, not by that absence', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const ada = claims.agent('Ada');
    const before = claims.claim(ada, 'src/a.ts', { leaseMs: LIMITS.maxLeaseMs });
    ada.leave();
    lab.advance(5_000);
    const since = claims.claim(ada, 'src/b.ts', { leaseMs: LIMITS.maxLeaseMs });
    lab.advance(LIMITS.graceMs);
    expect([claims.state(before), claims.state(since)]).toEqual([undefined, 'held']);
    lab.advance(LIMITS.maxLeaseMs);
    expect(claims.state(since)).toBeUndefined();
  });

  test('outlives an absence of the hub: its holder has the grace to extend it', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const ada = claims.agent('Ada');
    lab.advance(20_000); // the hub has recorded that it runs
    const id = claims.claim(ada, 'src/a.ts', { leaseMs: 5_000 });
    lab.sleep(120_000);
    expect(claims.state(id)).toBe('held');
    ada.act({ ExtendClaim: { claim: id, ms: 60_000 } });
    lab.advance(50_000);
    expect(claims.state(id)).toBe('held');
  });

  test('is freed in the transaction that unregisters its holder', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo] = [claims.agent('Ada'), claims.agent('Bo')];
    claims.claim(ada, ['src/a.ts', 'name:x']);
    const next = claims.claim(bo, 'src/**', { waitMs });
    ada.call('unregister_agent', { agent: ada.id });
    expect(claims.state(next)).toBe('held');
    bo.act({ ReleaseClaim: { claim: next } });
    for (const table of ['claim', 'claim_place', 'claim_folder', 'claim_wait', 'claim_load'])
      expect(lab.rows(table), table).toEqual([]);
  });

  test('is broken by an operator, with an audit event and a notice to its holder', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo] = [claims.agent('Ada'), claims.agent('Bo')];
    const id = claims.claim(ada, 'src/a.ts');
    const next = claims.claim(bo, 'src/a.ts', { waitMs });
    expect(bo.tryCall('break_claim', { claim: id, reason: '' })).toBe('operator/required');
    lab.owner.call('break_claim', { claim: id, reason: 'stuck' });
    expect([claims.state(id), claims.state(next)]).toEqual([undefined, 'held']);
    expect(notices(ada)).toMatchObject([{ payload: { end: 'broken', reason: 'stuck' } }]);
    const events = lab.rows('event_log').filter(row => row['type'] === 'operator_act');
    expect(events.map(row => JSON.parse(String(row['data'])) as unknown)).toMatchObject([
      { action: 'break_claim', claim: id },
    ]);
    expect(lab.owner.tryCall('break_claim', { claim: id, reason: '' })).toBe('claim/unknown');
  });

  test('belongs to its agent: others neither release nor extend it', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo] = [claims.agent('Ada'), claims.agent('Bo')];
    const id = claims.claim(ada, 'src/a.ts');
    expect(bo.tryAct({ ReleaseClaim: { claim: id } })).toEqual(['agent/not-yours']);
    expect(bo.tryAct({ ExtendClaim: { claim: id, ms: 5_000 } })).toEqual(['agent/not-yours']);
  });
});

describe('a fence', () => {
  test('lets the acts of its call pass only while the claim is held with that number', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo] = [claims.agent('Ada'), claims.agent('Bo')];
    const id = claims.claim(ada, 'src/a.ts');
    const fenced = (number: number) => [
      { Fence: { claim: id, number, acts: 1 } },
      { Publish: { id: lab.nextMessageId(), agent: ada.id, type: 'file.written', data: '{}', headers: '' } },
    ];
    const published = () => lab.rows('event_log').filter(row => row['type'] === 'file.written').length;
    ada.act(...fenced(1));
    expect(published()).toBe(1);
    expect(ada.tryAct(...fenced(2))).toEqual(['claim/outdated']);
    expect(bo.tryAct({ Fence: { claim: id, number: 1, acts: 1 } })).toEqual(['claim/outdated']);
    ada.act({ ReleaseClaim: { claim: id } });
    expect(ada.tryAct(...fenced(1))).toEqual(['claim/outdated']);
    expect(published()).toBe(1);
  });
});

describe('the envelope of a message', () => {
  test('shows the claim that the fence before it names, for as many acts as the fence counts', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo] = [claims.agent('Ada'), claims.agent('Bo')];
    const id = claims.claim(ada, 'src/a.ts');
    const send = () => ({ Send: ada.message({ to: ['Bo'] }) });
    ada.act({ Fence: { claim: id, number: 1, acts: 2 } }, send(), send(), send());
    const shown = bo.inbox().map(row => (JSON.parse(String(row['envelope'])) as Fields)['claim']);
    expect(shown).toEqual([{ id, number: 1 }, { id, number: 1 }, undefined]);
  });
});

describe('the claims on resources', () => {
  test('are those that conflict with an exclusive claim, held ones first, for any member', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo, eve] = [claims.agent('Ada'), claims.agent('Bo'), claims.agent('Eve')];
    claims.claim(ada, 'src/**', { shared: true });
    claims.claim(bo, 'docs/a.md');
    claims.claim(bo, 'src/a.ts', { waitMs });
    const on = (key: string) => {
      const rows = eve.procedure('claims_on', { resources: [{ kind: 'path', key }], limit: 10 }) as unknown[][];
      // Columns in the order of the table: the third is the name, the seventh the state.
      return rows.map(row => `${String(row[2])} ${String(row[6])}`);
    };
    expect(on('src/a.ts')).toEqual(['Ada held', 'Bo waiting']);
    expect(on('docs/*')).toEqual(['Bo held']);
    expect(on('tests/**')).toEqual([]);
  });
});

describe('the limits of claims', () => {
  test('an agent claims 256 resources at most; released ones count no more', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const ada = claims.agent('Ada');
    const names = (from: number) => Array.from({ length: LIMITS.claimResources }, (_, at) => `name:n${from + at}`);
    let last = '';
    for (let from = 0; from < LIMITS.claimsPerAgent; from += LIMITS.claimResources)
      last = claims.claim(ada, names(from));
    expect(claims.refused(ada, 'name:more')).toBe('claim/too-many');
    ada.act({ ReleaseClaim: { claim: last } });
    expect(claims.state(claims.claim(ada, 'name:more'))).toBe('held');
  });

  test('128 claims wait for one; the last of them is granted after the others', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const [ada, bo] = [claims.agent('Ada'), claims.agent('Bo')];
    const first = claims.claim(ada, 'a/**');
    // Paths that do not conflict with each other.
    const waiting = Array.from({ length: LIMITS.claimQueue }, (_, at) => claims.claim(bo, `a/${at}`, { waitMs }));
    expect(claims.refused(claims.agent('Eve'), 'a/x', { waitMs })).toBe('claim/queue-full');
    ada.act({ ReleaseClaim: { claim: first } });
    expect(waiting.map(id => claims.state(id))).toEqual(waiting.map(() => 'held'));
    expect(waiting.map(id => claims.number(id))).toEqual(waiting.map((_, at) => at + 2));
  });

  test('a place holds 128 claims', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    for (let n = 0; n < LIMITS.claimsPerPlace; n++) claims.claim(claims.agent(`A${n}`), 'a', { shared: true });
    expect(claims.refused(claims.agent('Last'), 'a', { shared: true })).toBe('claim/too-many');
  });

  test('a pattern is compared with at most 4,096 claims below it, one more is refused; narrower ones read fewer', async () => {
    await using lab = await ModuleLab.open();
    const claims = new Claims(lab);
    const perAgent = LIMITS.claimsPerAgent / LIMITS.claimResources;
    for (let n = 0; n < LIMITS.claimRows / LIMITS.claimsPerAgent; n++) {
      const agent = claims.agent(`A${n}`);
      for (let folder = n * perAgent; folder < (n + 1) * perAgent; folder++) {
        const files = Array.from({ length: LIMITS.claimResources }, (_, at) => `big/d${folder}/f${at}.ts`);
        claims.claim(agent, files);
      }
    }
    const eve = claims.agent('Eve');
    expect(claims.refused(eve, 'big/**')).toBe('claim/held');
    expect(claims.state(claims.claim(eve, 'big/*.md'))).toBe('held');
    expect(claims.refused(eve, 'big/*.js')).toBe('claim/too-broad');
    expect(claims.state(claims.claim(eve, 'big/d7/*.md'))).toBe('held');
    expect(claims.refused(eve, 'big/d7/f1.ts')).toBe('claim/held');
  });
});
