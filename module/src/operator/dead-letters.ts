// Redrives and purges dead letters: one, or all that match a filter, in chunks.

import { t, type Infer } from 'spacetimedb/server';
import { isOperator, isSame } from '../access.ts';
import type { Code } from '../contract/codes.ts';
import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import { isQueue, mailboxOfDelivery } from '../mailbox.ts';
import { type DeadLetter, removeDeadLetter } from '../message/dead-letter.ts';
import { deliver, offerWaiting } from '../message/deliver.ts';
import { envelopeOf } from '../message/envelope.ts';
import { enqueue } from '../message/lane.ts';
import { attemptAfterRedrive, isExpired, move } from '../message/rules.ts';
import { isFull, sentenceOfFull } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { isObject, parseJson } from '../text.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** An action that removes a dead letter. */
export type DeadLetterAction = 'redrive' | 'purge';

/** Selects dead letters: 0 and "" mean any; `reason` is a part of the reason, `before` is in microseconds. */
export const DeadLetterFilter = t.object('DeadLetterFilter', {
  agent: t.u64(),
  sender: t.u64(),
  type: t.string(),
  reason: t.string(),
  before: t.i64(),
});
type Filter = Infer<typeof DeadLetterFilter>;

const CHUNK = 256n;

/** Returns a dead letter that the caller may act on: as an operator, or as the owner of its recipient or its sender. */
export function requireDeadLetter(unit: UnitOfWork, no: bigint): { readonly row: DeadLetter; readonly isOwn: boolean } {
  const { db, sender } = unit.ctx;
  const row = db.deadLetter.no.find(no);
  const isOwn = row !== null && ownsDeadLetter(db, row, sender);
  if (row && (isOwn || isOperator(db, sender))) return { row, isOwn };
  refuse('dead/unknown', `there is no dead letter ${no} of yours`);
}

/** Returns true if an identity owns the recipient or the sender of a dead letter. */
function ownsDeadLetter(db: Ctx['db'], row: DeadLetter, identity: Ctx['sender']): boolean {
  return [row.agent, row.sender].some(agent => {
    const box = db.mailbox.agent.find(agent);
    return box !== null && isSame(box.owner, identity);
  });
}

/**
 * Returns the dead letters after a number that an identity may see, of one agent and one sender (0: any), in order, and the
 * `after` of the next page. Looks up `LIMITS.lookUps` numbers, so that a page may be empty and not be the last.
 */
export function deadLettersAfter(
  db: Ctx['db'],
  identity: Ctx['sender'],
  { after, limit, agent, sender }: Readonly<Record<'after' | 'agent' | 'sender', bigint>> & { readonly limit: number },
) {
  const maySeeAll = isOperator(db, identity);
  const head = db.logHead.log.find('dead');
  const last = head?.last ?? 0n;
  const first = head?.first ?? 1n;
  const rows = [];
  let no = after + 1n > first ? after + 1n : first;
  const end = no + BigInt(LIMITS.lookUps);
  for (; no <= last && no < end && rows.length < limit; no++) {
    const row = db.deadLetter.no.find(no);
    if (!row || (agent !== 0n && row.agent !== agent) || (sender !== 0n && row.sender !== sender)) continue;
    if (maySeeAll || ownsDeadLetter(db, row, identity)) rows.push(row);
  }
  return { rows, next: no > last ? 0n : no - 1n };
}

/** Performs an action on one dead letter, or refuses. */
export function applyAction(unit: UnitOfWork, action: DeadLetterAction, row: DeadLetter): void {
  const fault = tryAction(unit, action, row);
  if (fault) refuse(...fault);
}

/** Performs an action on all present dead letters that match a filter; skips those that cannot be redriven. */
export function applyActionToAll(unit: UnitOfWork, action: DeadLetterAction, filter: Filter): void {
  sweep(unit, action, filter, unit.firstNumber('dead'), unit.lastNumber('dead'));
}

/** Timer: continues `applyActionToAll` with the next chunk. `text` has the filter and the numbers. */
export function continueAction(unit: UnitOfWork, action: DeadLetterAction, text: string): void {
  const stored = parseJson(text)?.value;
  if (!isObject(stored)) return;
  const of = (name: string) => String(stored[name]);
  const filter: Filter = {
    agent: BigInt(of('agent')),
    sender: BigInt(of('sender')),
    type: of('type'),
    reason: of('reason'),
    before: BigInt(of('before')),
  };
  sweep(unit, action, filter, BigInt(of('cursor')), BigInt(of('end')));
}

function sweep(unit: UnitOfWork, action: DeadLetterAction, filter: Filter, from: bigint, end: bigint): void {
  const { deadLetter } = unit.ctx.db;
  let no = from;
  for (; no <= end && no < from + CHUNK; no++) {
    const row = deadLetter.no.find(no);
    if (row && matches(row, filter)) tryAction(unit, action, row);
    // The next sweep starts at the first dead letter that is left.
    if (no === unit.firstNumber('dead') && !deadLetter.no.find(no)) unit.moveFirst('dead', no + 1n);
  }
  if (no > end) return;
  const { agent, sender, type, reason, before } = filter;
  const rest = { agent: `${agent}`, sender: `${sender}`, type, reason, before: `${before}` };
  schedule(unit, unit.now, action, 0n, JSON.stringify({ ...rest, cursor: `${no}`, end: `${end}` }));
}

function matches(row: DeadLetter, { agent, sender, type, reason, before }: Filter): boolean {
  return (
    (agent === 0n || row.agent === agent) &&
    (sender === 0n || row.sender === sender) &&
    (type === '' || row.type === type) &&
    (before === 0n || row.at < before) &&
    row.reason.includes(reason)
  );
}

type Fault = readonly [code: Code, sentence: string];

/** Performs an action, or changes nothing and returns the reason. A purged delivery stays dead, and no longer keeps its message. */
function tryAction(unit: UnitOfWork, action: DeadLetterAction, row: DeadLetter): Fault | undefined {
  const fault = action === 'redrive' ? redrive(unit, row) : undefined;
  if (!fault) removeDeadLetter(unit, row);
  return fault;
}

/** Queues a dead delivery again, with the first attempt after a redrive. An ask that was closed stays closed. */
function redrive(unit: UnitOfWork, row: DeadLetter): Fault | undefined {
  const { db } = unit.ctx;
  const message = db.message.id.find(row.message);
  if (!message) return ['message/unknown', `message ${row.message} is no longer kept; purge the dead letter`];
  if (message.step !== 0n) {
    return [
      'delivery/not-dead',
      `dead letter ${row.no} belongs to a step of a workflow; retry the step if it has ended, else purge the dead letter`,
    ];
  }
  if (isExpired(message, unit.now))
    return ['dead/expired', `the time to live of message ${message.id} has passed; purge the dead letter`];
  const home = unit.box(row.delivery === 0n ? row.agent : mailboxOfDelivery(unit.ctx.db, row.delivery));
  if (!home) return ['agent/unknown', `the recipient of dead letter ${row.no} was unregistered; purge the dead letter`];
  if (isFull(unit, home)) return ['inbox/full', `${sentenceOfFull(home)}; redrive dead letter ${row.no} later`];
  if (row.delivery === 0n) {
    // The agent's cursor is past the broadcast, so it receives a separate delivery.
    unit.addBytes(message.sender, ROW_BYTES.delivery);
    message.deliveries.push(deliver(unit, home, { ...message, delayMs: 0n }, envelopeOf(message)));
    db.message.id.update(message);
    return undefined;
  }
  const ended = db.ended.id.find(row.delivery);
  if (ended?.state !== 'dead') return ['delivery/not-dead', `delivery ${row.delivery} is no longer dead`];
  move('dead', 'redrive');
  db.ended.id.delete(ended.id);
  enqueue(unit, home, {
    id: ended.id,
    message: message.id,
    lane: message.priority,
    attempt: attemptAfterRedrive(ended.attempt),
    availableAt: unit.now,
    holder: isQueue(ended.agent) ? 0n : ended.agent,
    spared: 0,
    crashes: 0,
  });
  const account = unit.account(message.sender);
  account.unfinished++;
  unit.markAccountChanged(account);
  offerWaiting(unit, home);
  return undefined;
}
