// Dead letters go back to work, or go for good: one by one, or all that a filter names, a chunk of numbers a call.

import { t, type Infer } from 'spacetimedb/server';
import { isOperator, isSame } from '../access.ts';
import type { Code } from '../contract/codes.ts';
import { deliver, offerWaiting } from '../message/deliver.ts';
import { isOver } from '../message/end.ts';
import { envelopeOf } from '../message/envelope.ts';
import { enqueue } from '../message/lane.ts';
import { move, nextLife } from '../message/rules.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { isObject, parseJson } from '../text.ts';
import { schedule } from '../time/schedule.ts';
import { isQueue, mailboxOfDelivery, type UnitOfWork } from '../unit-of-work.ts';

/** A dead letter. */
export type DeadLetter = NonNullable<ReturnType<Ctx['db']['deadLetter']['no']['find']>>;
/** What may be done with a dead letter. */
export type Remedy = 'redrive' | 'purge';

/** Which letters: 0 and "" mean any; `reason` is a part of it, `before` microseconds. */
export const DeadLetterFilter = t.object('DeadLetterFilter', {
  agent: t.u64(),
  sender: t.u64(),
  type: t.string(),
  reason: t.string(),
  before: t.i64(),
});
type Filter = Infer<typeof DeadLetterFilter>;

const CHUNK = 256n;

/** A letter that the caller may steer: as an operator, or by owning the agent it was for, or the one that sent it. */
export function deadLetterOf(unit: UnitOfWork, no: bigint): { readonly letter: DeadLetter; readonly isOwn: boolean } {
  const { db, sender } = unit.ctx;
  const letter = db.deadLetter.no.find(no);
  const isOwn = letter !== null && isParty(db, letter, sender);
  if (letter && (isOwn || isOperator(db, sender))) return { letter, isOwn };
  refuse('dead/unknown', `there is no dead letter ${no} of yours`);
}

/** Whether an identity owns the agent that a letter was for, or the one that sent it. */
export function isParty(db: Ctx['db'], letter: DeadLetter, identity: Ctx['sender']): boolean {
  return [letter.agent, letter.sender].some(agent => {
    const box = db.mailbox.agent.find(agent);
    return box !== null && isSame(box.owner, identity);
  });
}

/** Redrives or purges one letter, or refuses. */
export function remedy(unit: UnitOfWork, how: Remedy, letter: DeadLetter): void {
  const fault = tryRemedy(unit, how, letter);
  if (fault) refuse(...fault);
}

/** Redrives or purges all letters of a filter that there are by now. */
export function remedyAll(unit: UnitOfWork, how: Remedy, filter: Filter): void {
  sweep(unit, how, filter, unit.firstNumber('dead'), unit.lastNumber('dead'));
}

/** Goes on where the chunk before ended. */
export function continueRemedy(unit: UnitOfWork, how: Remedy, text: string): void {
  const said = parseJson(text)?.value;
  if (!isObject(said)) return;
  const of = (name: string) => String(said[name]);
  const filter: Filter = {
    agent: BigInt(of('agent')),
    sender: BigInt(of('sender')),
    type: of('type'),
    reason: of('reason'),
    before: BigInt(of('before')),
  };
  sweep(unit, how, filter, BigInt(of('cursor')), BigInt(of('end')));
}

function sweep(unit: UnitOfWork, how: Remedy, filter: Filter, from: bigint, end: bigint): void {
  const { deadLetter } = unit.ctx.db;
  let no = from;
  for (; no <= end && no < from + CHUNK; no++) {
    const letter = deadLetter.no.find(no);
    if (letter && fits(letter, filter)) tryRemedy(unit, how, letter);
    // The first that is left is where the next one begins.
    if (no === unit.firstNumber('dead') && !deadLetter.no.find(no)) unit.moveFirst('dead', no + 1n);
  }
  if (no > end) return;
  const { agent, sender, type, reason, before } = filter;
  const rest = { agent: `${agent}`, sender: `${sender}`, type, reason, before: `${before}` };
  schedule(unit, unit.now, how, 0n, JSON.stringify({ ...rest, cursor: `${no}`, end: `${end}` }));
}

function fits(letter: DeadLetter, { agent, sender, type, reason, before }: Filter): boolean {
  return (
    (agent === 0n || letter.agent === agent) &&
    (sender === 0n || letter.sender === sender) &&
    (type === '' || letter.type === type) &&
    (before === 0n || letter.at < before) &&
    letter.reason.includes(reason)
  );
}

type Fault = readonly [code: Code, sentence: string];

/** Does it, or changes nothing and says why not. A purged delivery stays dead, and no longer keeps its message. */
function tryRemedy(unit: UnitOfWork, how: Remedy, letter: DeadLetter): Fault | undefined {
  const fault = how === 'redrive' ? redrive(unit, letter) : undefined;
  if (!fault) unit.ctx.db.deadLetter.no.delete(letter.no);
  return fault;
}

/** The delivery stands in its lane again, under the first attempt of its next life. A question that was closed stays closed. */
function redrive(unit: UnitOfWork, letter: DeadLetter): Fault | undefined {
  const { db } = unit.ctx;
  const message = db.message.id.find(letter.message);
  if (!message) return ['message/unknown', `message ${letter.message} is kept no longer; purge the letter`];
  if (message.step !== 0n) {
    return [
      'delivery/not-dead',
      `letter ${letter.no} belongs to a step of a workflow: one that has ended is retried; one to be approved needs no letter`,
    ];
  }
  if (isOver(unit, message))
    return ['dead/expired', `the time to live of message ${message.id} is over; purge the letter`];
  const home = unit.box(letter.delivery === 0n ? letter.agent : mailboxOfDelivery(letter.delivery));
  if (!home) return ['agent/unknown', `the agent that letter ${letter.no} was for is gone; purge the letter`];
  if (letter.delivery === 0n) {
    // The agent's cursor is past the broadcast, so it gets it as a delivery of its own.
    message.deliveries.push(deliver(unit, home, { ...message, delayMs: 0n }, envelopeOf(message)));
    db.message.id.update(message);
    return undefined;
  }
  const ended = db.ended.id.find(letter.delivery);
  if (ended?.state !== 'dead') return ['delivery/not-dead', `delivery ${letter.delivery} is no longer dead`];
  move('dead', 'redrive');
  db.ended.id.delete(ended.id);
  enqueue(unit, home, {
    id: ended.id,
    message: message.id,
    lane: message.priority,
    attempt: nextLife(ended.attempt),
    availableAt: unit.now,
    holder: isQueue(ended.agent) ? 0n : ended.agent,
  });
  const account = unit.account(message.sender);
  account.unfinished++;
  unit.charged(account);
  offerWaiting(unit, home);
  return undefined;
}
