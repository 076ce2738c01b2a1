// Timers are isolated from each other: a failing one is retried alone and then set aside, and a lost one is found.

import { describe, expect, test } from 'vitest';
import { type Edits, type LabAgent, ModuleLab } from '../support/module-lab.ts';

const FIRE = 'FIRE[row.kind](unit, row.ref, row.text);';
/** Timers of messages of type `poison` fail, and those of type `poison.once` the first time. */
const POISON: Edits = [
  [
    FIRE,
    `${FIRE} const type = ctx.db.message.id.find(row.text)?.type;
     if (type === "poison" || type === "poison.once" && row.tries === 0) throw new Error("injected");`,
  ],
];

const alerts = (lab: ModuleLab) =>
  lab
    .rows('event_log')
    .filter(row => row['type'] === 'system_alert')
    .map(row => JSON.parse(String(row['data'])) as unknown);

const expiring = (agent: LabAgent, type: string) => agent.send('Idle', { type, ttlMs: 60_000 });

describe('a timer that fails', () => {
  test('costs the timers of its slot no more than a minute', async () => {
    await using lab = await ModuleLab.open(POISON);
    const asker = lab.register('Asker');
    const worker = lab.register('Worker');
    lab.register('Idle');
    asker.attach();
    worker.attach();
    expiring(asker, 'poison');
    asker.send('Idle', { answerWithinMs: 60_000 });
    const leased = asker.send('Worker');
    const delayed = asker.send('Worker', { delayMs: 60_000 });
    lab.advance(120_000);
    expect(asker.inbox().map(row => row['kind'])).toContain('timeout');
    const held = worker.inbox().map(row => [row['message'], row['attempt']]);
    expect(held).toContainEqual([leased, 2]);
    expect(held).toContainEqual([delayed, 1]);
    worker.leave();
    lab.advance(120_000);
    expect(worker.inbox()).toEqual([]);
  });

  test('is set aside after five more calls with an alert, and leaves no row behind', async () => {
    await using lab = await ModuleLab.open(POISON);
    const asker = lab.register('Asker');
    lab.register('Idle');
    const poison = expiring(asker, 'poison');
    const other = expiring(asker, 'note');
    lab.advance(240_000);
    expect(alerts(lab)).toEqual([{ alert: 'timer_failed', timer: 'expire', ref: 0 }]);
    expect(lab.rows('failed_timer')).toMatchObject([{ kind: 'expire', text: poison }]);
    expect(lab.rows('waiting').map(row => row['message'])).toEqual([poison]);
    expect(lab.rows('ended')).toMatchObject([{ message: other, state: 'expired' }]);
    expect(lab.rows('due')).toEqual([]);
    expect(lab.rows('due_slot')).toEqual([]);
    expect(lab.rows('due_count')).toEqual([]);
  });

  test('keeps no more than a bounded number of others aside', async () => {
    await using lab = await ModuleLab.open([...POISON, ['failedTimers: 1e3', 'failedTimers: 2']]);
    const asker = lab.register('Asker');
    lab.register('Idle');
    for (let sent = 0; sent < 4; sent++) expiring(asker, 'poison');
    lab.advance(240_000);
    expect(alerts(lab)).toHaveLength(4);
    expect(lab.rows('failed_timer')).toHaveLength(2);
    expect(lab.rows('due')).toEqual([]);
  });

  test('and succeeds later has its effect once, however many fail in its slot', async () => {
    await using lab = await ModuleLab.open(POISON);
    const asker = lab.register('Asker');
    lab.register('Idle');
    const sent: string[] = [];
    for (let at = 0; at < 600; at++) sent.push(expiring(asker, at % 100 === 0 ? 'poison.once' : 'note'));
    lab.advance(120_000);
    const ended = lab.rows('ended').filter(row => row['state'] === 'expired');
    expect(ended.map(row => row['message']).sort()).toEqual(sent.sort());
    expect(alerts(lab)).toEqual([]);
    expect(lab.rows('due_count')).toEqual([]);
  });

  test('of a mailbox does not end the sweeps of that mailbox', async () => {
    const edit = `if (row.kind === "mailbox" && row.tries < 9 && ctx.timestamp.microsSinceUnixEpoch < START) throw new Error("injected");`;
    const start = BigInt(Date.UTC(2026, 0, 5, 12, 10)) * 1000n;
    await using lab = await ModuleLab.open([[FIRE, edit.replace('START', `${start}n`) + FIRE]]);
    const sender = lab.register('Sender');
    const worker = lab.register('Worker');
    worker.attach();
    sender.send('Worker');
    lab.advance(15 * 60_000);
    expect(lab.rows('failed_timer')).toMatchObject([{ kind: 'mailbox' }]);
    sender.send('Worker');
    lab.advance(62_000);
    expect(worker.inbox().map(row => row['attempt'])).toEqual([2, 2]);
  });
});

describe('a slot with more work than one call may do', () => {
  test('is fired by several calls, each within its budget', async () => {
    await using lab = await ModuleLab.open([
      ['rowsPerCall: 8e3', 'rowsPerCall: 100'],
      [FIRE, `${FIRE} unit.fired = (unit.fired ?? 0) + 1; if (unit.fired > 30) throw new Error("too much");`],
    ]);
    const asker = lab.register('Asker');
    lab.register('Idle');
    for (let sent = 0; sent < 300; sent++) expiring(asker, 'note');
    lab.advance(62_000);
    expect(lab.rows('ended')).toHaveLength(300);
    expect(alerts(lab)).toEqual([]);
    expect(lab.rows('due_count')).toEqual([]);
  });
});

test('short disconnects leave one chain of timers for a mailbox', async () => {
  await using lab = await ModuleLab.open();
  const sender = lab.register('Sender');
  const worker = lab.register('Worker');
  worker.attach();
  sender.send('Worker');
  for (let times = 0; times < 40; times++) {
    worker.leave();
    lab.advance(1_000);
    worker.attach();
    lab.advance(1_000);
  }
  lab.advance(120_000);
  sender.send('Worker');
  lab.advance(1_000);
  expect(lab.rows('due').filter(row => row['kind'] === 'mailbox')).toHaveLength(1);
});
