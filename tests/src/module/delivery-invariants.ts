// Invariants of delivery, checked on two successive snapshots of the whole database.
//
// D1  Every delivery is either waiting, offered or ended; its attempts count up.
// D2  `unfinished` of a sender is the number of its deliveries that have not ended.
// D3  The counters of a mailbox agree with its rows: held, held critical, waiting, notices.
// C1  An agent holds at most `credit` deliveries that are not critical, and at most `criticalCredit` beyond its credit.
// A1  A delivery that ended the process of its holder too often is held alone.
// O1  While a recipient has credit, none of its deliveries waits; nor does one of a queue while an agent of it is free.
// O2  An offered delivery became available at most the difference of the boosts after any delivery that still waits. For a
//     strict agent no delivery of a higher priority still waits.
// R1  The list of a queue holds exactly its free agents, each once, and its links are consistent.
// T1  Leases, grace, backoffs, delays, times to live and deadlines end at most a slot late.
// T2  Without an act of its holder a delivery returns only after its lease, the grace, or the end of its holder's process.
// N1  At most `visibleNotices` are shown, more wait only behind that many, and each notice that was due is shown, waits, or
//     was taken.

import { BOOST_MS, LIMITS, type Priority } from '@agora/module/contract';
import { expect } from 'vitest';
import type { ModuleLab, Row } from '../support/module-lab.ts';

const SLOT_MICROS = 250_000;
const FIRST_QUEUE = 2n ** 31n;
const OPEN = ['open', 'input_required'];
/** The reason with which a test fails a delivery finally. */
export const FINAL_FAILURE = 'finally';
const WITHDRAWN = 'the deadline of its answer has passed';

/** The rows that the invariants concern, at one moment. */
export interface Snapshot {
  readonly now: number;
  readonly messages: ReadonlyMap<string, Row>;
  readonly boxes: ReadonlyMap<number, Row>;
  readonly waiting: ReadonlyMap<string, Row>;
  readonly held: ReadonlyMap<string, Row>;
  readonly notices: readonly Row[];
  readonly notYetShown: readonly Row[];
  readonly ended: ReadonlyMap<string, Row>;
  readonly asks: readonly Row[];
  readonly accounts: readonly Row[];
  readonly ready: ReadonlyMap<number, Row>;
  readonly capabilities: readonly Row[];
}

/** Reads the database. */
export function takeSnapshot(lab: ModuleLab): Snapshot {
  // Sorted, so that two snapshots can be compared.
  const rows = (table: string) =>
    lab
      .rows(table)
      .map(row => ({
        row,
        key: JSON.stringify(row, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)),
      }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ row }) => row);
  const by = (table: string) => new Map(rows(table).map(row => [String(row['id']), row]));
  const offers = rows('offer');
  return {
    now: Number(lab.now),
    messages: by('message'),
    boxes: new Map(rows('mailbox').map(row => [Number(row['agent']), row])),
    waiting: by('waiting'),
    held: new Map(offers.filter(row => row['attempt'] !== 0).map(row => [String(row['id']), row])),
    notices: offers.filter(row => row['attempt'] === 0 && row['kind'] !== 'progress'),
    notYetShown: rows('notice'),
    ended: by('ended'),
    asks: rows('ask'),
    accounts: rows('account'),
    ready: new Map(rows('ready').map(row => [Number(row['id']), row])),
    capabilities: rows('agent_capability'),
  };
}

/** Acts of agents that the rows do not show. */
export interface PerformedActs {
  /** All notices acknowledged so far. */
  readonly taken: readonly Row[];
  /** Deliveries that their holders returned in this step. */
  readonly givenBack: ReadonlySet<string>;
}

/** Checks a snapshot, and the change since the one before. */
export function checkInvariants(before: Snapshot, after: Snapshot, { taken, givenBack }: PerformedActs): void {
  checkDeliveries(before, after);
  checkCounts(after);
  checkWaiting(after);
  checkAlone(after);
  checkOrder(before, after);
  checkReady(after);
  checkTimes(before, after, givenBack);
  checkNotices(after, taken);
}

const number = (row: Row | undefined, column: string) => Number(row?.[column] ?? 0);
const isCritical = (row: Row) => row['priority'] === 4;
const queued = (at: Snapshot) => [...at.waiting.values()].filter(row => row['lane'] !== 0);
const heldBy = (at: Snapshot, agent: number) => [...at.held.values()].filter(row => row['agent'] === agent);
const homeOf = (delivery: unknown) => Number(BigInt(String(delivery)) >> 32n);
const isQueue = (box: number) => BigInt(box) >= FIRST_QUEUE;
/** Returns true if the slot of `time` is over, so that a timer for it must have fired. */
const isOverdue = (at: Snapshot, time: number) => (Math.floor(time / SLOT_MICROS) + 1) * SLOT_MICROS <= at.now;

/** Returns true if an agent is online, and no delivery is to be held alone. */
function isOpen(box: Row | undefined): boolean {
  return box?.['online'] === true && box['is_alone'] !== true;
}

function hasCredit(at: Snapshot, agent: number): boolean {
  const box = at.boxes.get(agent);
  return isOpen(box) && heldBy(at, agent).length < number(box, 'credit');
}

function hasCriticalCredit(at: Snapshot, agent: number): boolean {
  const isUsedUp = heldBy(at, agent).filter(isCritical).length >= LIMITS.criticalCredit;
  return hasCredit(at, agent) || (isOpen(at.boxes.get(agent)) && !isUsedUp);
}

function isFree(at: Snapshot, agent: number): boolean {
  return at.boxes.get(agent)?.['is_active'] === true && hasCredit(at, agent);
}

/** The agents that announce the capability of a queue. */
function agentsOf(at: Snapshot, queue: number): number[] {
  const capability = String(at.boxes.get(queue)?.['name']).slice(1);
  return at.capabilities.filter(row => row['capability'] === capability).map(row => number(row, 'agent'));
}

function duties(at: Snapshot): { readonly id: string; readonly message: Row }[] {
  return [...at.messages.values()]
    .filter(message => message['kind'] !== 'answer')
    .flatMap(message => (message['deliveries'] as unknown[]).map(id => ({ id: String(id), message })));
}

function checkDeliveries(before: Snapshot, after: Snapshot): void {
  const all = duties(after);
  const places = all.map(({ id }) => [after.waiting, after.held, after.ended].filter(place => place.has(id)).length);
  expect(places, 'D1: each delivery is in one place').toEqual(all.map(() => 1));
  expect(after.waiting.size + after.held.size + after.ended.size, 'D1: no row without a message').toBe(all.length);
  const attempt = (at: Snapshot, id: string) =>
    number(at.waiting.get(id) ?? at.held.get(id) ?? at.ended.get(id), 'attempt');
  const back = all.filter(({ id }) => attempt(after, id) < attempt(before, id));
  expect(back, 'D1: attempts count up').toEqual([]);
  const unfinished = new Map<number, number>();
  for (const { id, message } of all) {
    const sender = number(message, 'sender');
    unfinished.set(sender, (unfinished.get(sender) ?? 0) + (after.ended.has(id) ? 0 : 1));
  }
  for (const account of after.accounts) {
    expect(account['unfinished'], 'D2').toBe(unfinished.get(number(account, 'agent')) ?? 0);
  }
}

function checkCounts(at: Snapshot): void {
  for (const [agent, box] of at.boxes) {
    const held = heldBy(at, agent);
    const critical = held.filter(isCritical).length;
    const waiting = queued(at).filter(row => row['agent'] === agent).length;
    expect(box, 'D3').toMatchObject({ held: held.length, held_critical: critical, waiting });
    if (isQueue(agent)) continue;
    const credit = number(box, 'credit');
    expect(held.length - critical, 'C1: plain').toBeLessThanOrEqual(credit);
    expect(held.length, 'C1: all').toBeLessThanOrEqual(credit + LIMITS.criticalCredit);
  }
}

function checkAlone(at: Snapshot): void {
  for (const row of at.held.values()) {
    const agent = number(row, 'agent');
    if (number(row, 'crashes') < LIMITS.crashes) continue;
    expect(at.boxes.get(agent)?.['is_alone'], 'A1: closed').toBe(true);
    // One of a work queue is offered beside others, if no agent is without.
    if (homeOf(row['id']) === agent) expect(heldBy(at, agent).length, 'A1: alone').toBe(1);
  }
}

function checkWaiting(at: Snapshot): void {
  const offerable = queued(at).filter(row => {
    const home = number(row, 'agent');
    if (isQueue(home)) return agentsOf(at, home).some(agent => isFree(at, agent));
    return hasCredit(at, home) || (row['lane'] === 4 && hasCriticalCredit(at, home));
  });
  expect(offerable, 'O1').toEqual([]);
}

function checkOrder(before: Snapshot, after: Snapshot): void {
  for (const [id, row] of after.held) {
    // A new process of its agent holds it as the next attempt, in its place.
    if (before.held.get(id)?.['agent'] === row['agent']) continue;
    const was = before.waiting.get(id);
    const offered = { id: BigInt(id), priority: number(row, 'priority'), at: number(was, 'available_at') };
    // A delivery that entered its lane within the step became available in it.
    if (!was || was['lane'] === 0) offered.at = after.now;
    const agent = number(row, 'agent');
    const box = after.boxes.get(agent);
    const isByOwnCredit = !hasCredit(after, agent);
    for (const left of queued(before)) {
      const stillThere = after.waiting.get(String(left['id']));
      const home = number(left, 'agent');
      const isFor = home === agent || (homeOf(id) !== agent && homeOf(id) === home) || isSource(after, agent, home);
      if (!stillThere || stillThere['lane'] === 0 || !isFor) continue;
      if (offered.priority === 4 && isByOwnCredit && (left['lane'] !== 4 || home !== agent)) continue;
      const lane = number(left, 'lane');
      const between = (BOOST_MS[offered.priority as Priority] - BOOST_MS[lane as Priority]) * 1000;
      const isFair =
        box?.['strict'] === true && !isQueue(home)
          ? offered.priority >= lane
          : offered.at - number(left, 'available_at') <= between;
      expect(isFair, `O2: ${id} was offered before ${String(left['id'])}`).toBe(true);
    }
  }
}

/** Returns true if an agent takes from a queue. */
function isSource(at: Snapshot, agent: number, queue: number): boolean {
  const box = at.boxes.get(agent);
  return isQueue(queue) && box?.['is_active'] === true && box['strict'] !== true && agentsOf(at, queue).includes(agent);
}

function checkReady(at: Snapshot): void {
  let listed = 0;
  for (const [queue, box] of at.boxes) {
    if (!isQueue(queue)) continue;
    const agents: number[] = [];
    let previous = 0;
    for (let id = number(box, 'ready_first'); id !== 0;) {
      const row = at.ready.get(id);
      expect(row, 'R1: links').toMatchObject({ queue, previous });
      agents.push(number(row, 'agent'));
      previous = id;
      id = number(row, 'next');
    }
    expect(box['ready_last'], 'R1: the last').toBe(previous);
    const free = agentsOf(at, queue).filter(agent => isFree(at, agent));
    expect(agents.sort(), 'R1: free agents').toEqual(free.sort());
    listed += agents.length;
  }
  expect(at.ready.size, 'R1: no other row').toBe(listed);
}

function checkTimes(before: Snapshot, at: Snapshot, givenBack: ReadonlySet<string>): void {
  for (const row of at.held.values()) {
    const box = at.boxes.get(number(row, 'agent'));
    expect(isOverdue(at, number(row, 'lease_until')), 'T1: lease').toBe(false);
    const isAway = box?.['online'] === false && isOverdue(at, graceEnd(box));
    expect(isAway, 'T1: grace').toBe(false);
  }
  for (const row of at.waiting.values()) {
    expect(row['lane'] === 0 && isOverdue(at, number(row, 'available_at')), 'T1: delay').toBe(false);
    const message = at.messages.get(String(row['message']));
    const ttl = number(message, 'ttl_ms');
    const isOver = ttl > 0 && isOverdue(at, number(message, 'accepted_at') + ttl * 1000);
    expect(isOver, 'T1: time to live').toBe(false);
  }
  for (const ask of at.asks) {
    const isLate = OPEN.includes(String(ask['state'])) && isOverdue(at, number(ask, 'deadline'));
    expect(isLate, 'T1: deadline').toBe(false);
  }
  for (const [id, row] of before.held) {
    if (!at.waiting.has(id) || givenBack.has(id)) continue;
    const box = at.boxes.get(number(row, 'agent'));
    const isLeaseOver = number(row, 'lease_until') <= at.now;
    const isGraceOver = box?.['online'] === false && graceEnd(box) <= at.now;
    const isIsolated = number(at.waiting.get(id), 'crashes') > number(row, 'crashes');
    expect(isLeaseOver || isGraceOver || isIsolated, `T2: ${id} went back too early`).toBe(true);
  }
}

/** An agent that extended a lease while it was offline keeps what it holds until then. */
function graceEnd(box: Row): number {
  return Math.max(number(box, 'offline_since') + LIMITS.graceMs * 1000, number(box, 'kept_until'));
}

function checkNotices(at: Snapshot, taken: readonly Row[]): void {
  for (const [agent, box] of at.boxes) {
    const shown = at.notices.filter(row => row['agent'] === agent).length;
    const waiting = at.notYetShown.filter(row => row['agent'] === agent).length;
    expect(box['notices'], 'N1: counted').toBe(shown);
    expect(number(box, 'notice_tail') - number(box, 'notice_head'), 'N1: waiting').toBe(waiting);
    expect(shown, 'N1: shown').toBeLessThanOrEqual(LIMITS.visibleNotices);
    if (waiting > 0) expect(shown, 'N1: waiting only behind the limit').toBe(LIMITS.visibleNotices);
  }
  const all = [...at.notices, ...at.notYetShown, ...taken];
  const count = (kind: string) => all.filter(row => row['kind'] === kind).length;
  const isAsk = (row: Row) => at.messages.get(String(row['message']))?.['kind'] === 'ask';
  // The answer to a finally failed ask, and the timeout of a withdrawn one, are their notices.
  const hasOther = (row: Row) => isAsk(row) && [FINAL_FAILURE, WITHDRAWN].includes(String(row['reason']));
  const ends = (state: string) => [...at.ended.values()].filter(row => row['state'] === state && !hasOther(row)).length;
  expect(new Set(all.map(row => String(row['id']))).size, 'N1: each once').toBe(all.length);
  expect([count('dead'), count('expired')], 'N1: ends').toEqual([ends('dead'), ends('expired')]);
  expect(count('answer'), 'N1: answers').toBe(
    [...at.messages.values()].filter(message => message['kind'] === 'answer').length,
  );
}
