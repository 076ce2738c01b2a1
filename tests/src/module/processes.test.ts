import { LIMITS } from '@agora/module/contract';
import { expect, test } from 'vitest';
import { type LabAgent, ModuleLab, type Row } from '../support/module-lab.ts';

/** A supervisor starts the process of an agent again this long after its end. */
const RESTART_MS = 500;

const named = (inbox: readonly Row[]) =>
  inbox
    .filter(row => row['attempt'] !== 0)
    .map(row => ({ name: nameOf(row), attempt: row['attempt'] }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

function nameOf(row: Row): string {
  const { payload } = JSON.parse(String(row['envelope'])) as { payload: { name: string } }; // `send` below wrote it
  return payload.name;
}

/** An agent that holds `names`, one message each. */
async function holding(names: readonly string[], concurrency: number, target = 'Bob') {
  const lab = await ModuleLab.open();
  const sender = lab.register('Sender');
  const bob = lab.register('Bob', { capabilities: ['work'] });
  bob.attachProcess({ isNew: true, concurrency });
  const ids = names.map(name => sender.send(target, { payload: JSON.stringify({ name }) }));
  return { lab, sender, bob, ids, [Symbol.asyncDispose]: () => lab.close() };
}

/** The process of the agent ends, and a new one begins. */
function restart(lab: ModuleLab, agent: LabAgent, concurrency: number): void {
  agent.leave();
  lab.advance(RESTART_MS);
  agent.attachProcess({ isNew: true, concurrency });
}

test('a new process gets what the ended one held as a new attempt', async () => {
  await using scene = await holding(['a'], 8);
  restart(scene.lab, scene.bob, 8);
  expect(named(scene.bob.inbox())).toEqual([{ name: 'a', attempt: 2 }]);
  const [row] = scene.bob.inbox();
  expect(scene.bob.tryAct({ Acknowledge: { delivery: row?.['id'], attempt: 1 } })).toEqual(['delivery/stale-attempt']);
});

test('a process that returns keeps the attempts of what it holds', async () => {
  await using scene = await holding(['a', 'b'], 8);
  const { lab, bob } = scene;
  const holds = bob.inbox().map(row => ({ delivery: row['id'], attempt: row['attempt'] }));
  bob.leave();
  lab.advance(5_000);
  bob.attachProcess({ holds });
  expect(named(bob.inbox())).toEqual([
    { name: 'a', attempt: 1 },
    { name: 'b', attempt: 1 },
  ]);
});

test('a process that returns has its leases from then on, since it could not extend them', async () => {
  await using scene = await holding(['a'], 8);
  const { lab, bob } = scene;
  lab.advance(LIMITS.leaseMs - 5_000);
  const holds = bob.inbox().map(row => ({ delivery: row['id'], attempt: row['attempt'] }));
  bob.leave();
  lab.advance(4_000);
  bob.attachProcess({ holds });
  lab.advance(LIMITS.leaseMs - 1_000);
  expect(named(bob.inbox())).toEqual([{ name: 'a', attempt: 1 }]);
  lab.advance(3_000);
  expect(named(bob.inbox())).toEqual([{ name: 'a', attempt: 2 }]);
});

test('a process that returns after the grace keeps what it claims, unless another agent got it', async () => {
  await using scene = await holding(['a', 'b'], 8, '@work');
  const { lab, bob } = scene;
  const holds = bob.inbox().map(row => ({ delivery: row['id'], attempt: row['attempt'] }));
  bob.leave();
  lab.advance(LIMITS.graceMs + 1_000);
  expect(bob.inbox()).toEqual([]);
  const eve = lab.register('Eve', { capabilities: ['work'], credit: 1 });
  lab.advance(10_000);
  eve.attach();
  const taken = named(eve.inbox());
  expect(taken).toMatchObject([{ attempt: 2 }]);
  bob.attachProcess({ holds });
  const kept = named(bob.inbox());
  expect(kept).toMatchObject([{ attempt: 1 }]);
  expect([...taken, ...kept].map(row => row.name).sort()).toEqual(['a', 'b']);
  const [row] = bob.inbox();
  bob.act({ Acknowledge: { delivery: row?.['id'], attempt: 1 } });
  lab.advance(120_000);
  expect(lab.rows('waiting')).toEqual([]);
});

test('an attempt that the process cannot have begun does not count', async () => {
  const names = Array.from({ length: 10 }, (_, at) => `m${at}`);
  await using scene = await holding(names, 1);
  const { lab, bob } = scene;
  for (let night = 0; night < 2 * LIMITS.attempts; night++) {
    bob.leave();
    lab.advance(8 * 3_600_000);
    bob.attachProcess({ isNew: true, concurrency: 1 });
    lab.advance(1_000);
  }
  // Each end counts for one message alone.
  expect(lab.rows('dead_letter').length).toBeLessThanOrEqual(2);
  expect(bob.inbox().length + lab.rows('waiting').length).toBeGreaterThanOrEqual(8);
});

test.each([1, 8])(
  'a message that ends its process each time spares its neighbours (concurrency %i)',
  async concurrency => {
    await using scene = await holding(['poison', 'good1', 'good2', 'good3', 'good4', 'good5'], concurrency);
    const { lab, bob } = scene;
    const handled = new Set<string>();
    const togetherWithPoison: number[] = [];
    for (let round = 0; round < 60 && lab.rows('dead_letter').length === 0; round++) {
      const rows = bob.inbox().filter(row => row['attempt'] !== 0);
      const begun = [...rows].sort((a, b) => Number(a['seq']) - Number(b['seq'])).slice(0, concurrency);
      if (begun.some(row => nameOf(row) === 'poison')) {
        togetherWithPoison.push(begun.length);
        restart(lab, bob, concurrency);
      } else {
        for (const row of begun) {
          handled.add(nameOf(row));
          bob.act({ Acknowledge: { delivery: row['id'], attempt: row['attempt'] } });
        }
      }
      lab.advance(1_000);
    }
    expect(lab.rows('dead_letter')).toMatchObject([{ message: scene.ids[0] }]);
    expect(togetherWithPoison.slice(LIMITS.crashes).every(count => count === 1)).toBe(true);
    expect(togetherWithPoison.length).toBe(LIMITS.attempts);
    for (let round = 0; round < 20; round++) {
      for (const row of bob.inbox().filter(each => each['attempt'] !== 0)) {
        handled.add(nameOf(row));
        bob.act({ Acknowledge: { delivery: row['id'], attempt: row['attempt'] } });
      }
      lab.advance(30_000);
    }
    expect([...handled].sort()).toEqual(['good1', 'good2', 'good3', 'good4', 'good5']);
  },
);

test('a message of a work queue that ends processes is held alone', async () => {
  await using scene = await holding(['poison'], 8, '@work');
  const { lab, sender, bob } = scene;
  restart(lab, bob, 8);
  restart(lab, bob, 8);
  lab.advance(5_000);
  expect(named(bob.inbox())).toMatchObject([{ name: 'poison' }]);
  sender.send('Bob', { payload: JSON.stringify({ name: 'direct' }) });
  sender.send('@work', { payload: JSON.stringify({ name: 'queue' }) });
  expect(named(bob.inbox())).toMatchObject([{ name: 'poison' }]);
  const [row] = bob.inbox();
  bob.act({ Acknowledge: { delivery: row?.['id'], attempt: row?.['attempt'] } });
  expect(named(bob.inbox()).map(each => each.name)).toEqual(['direct', 'queue']);
});
