// Dead letters go back to work, or go for good: one by one, or all that a filter names, a chunk of numbers a call.

import { t, type Infer } from 'spacetimedb/server';
import { isOperator, isSame } from '../access.ts';
import type { Code } from '../contract/codes.ts';
import { isQueue, mailboxOfDelivery, type Desk } from '../desk.ts';
import { deliver, offerWaiting } from '../message/deliver.ts';
import { isOver } from '../message/end.ts';
import { envelopeOf } from '../message/envelope.ts';
import { enqueue } from '../message/lane.ts';
import { move, nextLife } from '../message/rules.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { isObject, parseJson } from '../text.ts';
import { remember } from '../time/due.ts';

/** A dead letter. */
export type Letter = NonNullable<ReturnType<Ctx['db']['deadLetter']['no']['find']>>;
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
export function letterOf(desk: Desk, no: bigint): { readonly letter: Letter; readonly isOwn: boolean } {
  const { db, sender } = desk.ctx;
  const letter = db.deadLetter.no.find(no);
  const isOwn = letter !== null && isParty(db, letter, sender);
  if (letter && (isOwn || isOperator(db, sender))) return { letter, isOwn };
  refuse('dead/unknown', `there is no dead letter ${no} of yours`);
}

/** Whether an identity owns the agent that a letter was for, or the one that sent it. */
export function isParty(db: Ctx['db'], letter: Letter, identity: Ctx['sender']): boolean {
  return [letter.agent, letter.sender].some(agent => {
    const box = db.mailbox.agent.find(agent);
    return box !== null && isSame(box.owner, identity);
  });
}

/** Redrives or purges one letter, or refuses. */
export function remedy(desk: Desk, how: Remedy, letter: Letter): void {
  const fault = tryRemedy(desk, how, letter);
  if (fault) refuse(...fault);
}

/** Redrives or purges all letters of a filter that there are by now. */
export function remedyAll(desk: Desk, how: Remedy, filter: Filter): void {
  sweep(desk, how, filter, desk.firstNumber('dead'), desk.lastNumber('dead'));
}

/** Goes on where the chunk before ended. */
export function goOnWithLetters(desk: Desk, how: Remedy, text: string): void {
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
  sweep(desk, how, filter, BigInt(of('cursor')), BigInt(of('end')));
}

function sweep(desk: Desk, how: Remedy, filter: Filter, from: bigint, end: bigint): void {
  const { deadLetter } = desk.ctx.db;
  let no = from;
  for (; no <= end && no < from + CHUNK; no++) {
    const letter = deadLetter.no.find(no);
    if (letter && fits(letter, filter)) tryRemedy(desk, how, letter);
    // The first that is left is where the next one begins.
    if (no === desk.firstNumber('dead') && !deadLetter.no.find(no)) desk.moveFirst('dead', no + 1n);
  }
  if (no > end) return;
  const { agent, sender, type, reason, before } = filter;
  const rest = { agent: `${agent}`, sender: `${sender}`, type, reason, before: `${before}` };
  remember(desk, desk.now, how, 0n, JSON.stringify({ ...rest, cursor: `${no}`, end: `${end}` }));
}

function fits(letter: Letter, { agent, sender, type, reason, before }: Filter): boolean {
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
function tryRemedy(desk: Desk, how: Remedy, letter: Letter): Fault | undefined {
  const fault = how === 'redrive' ? redrive(desk, letter) : undefined;
  if (!fault) desk.ctx.db.deadLetter.no.delete(letter.no);
  return fault;
}

/** The delivery stands in its lane again, under the first attempt of its next life. A question that was closed stays closed. */
function redrive(desk: Desk, letter: Letter): Fault | undefined {
  const { db } = desk.ctx;
  const message = db.message.id.find(letter.message);
  if (!message) return ['message/unknown', `message ${letter.message} is kept no longer; purge the letter`];
  if (message.step !== 0n) {
    return [
      'delivery/not-dead',
      `letter ${letter.no} belongs to a step of a workflow: one that has ended is retried; one to be approved needs no letter`,
    ];
  }
  if (isOver(desk, message))
    return ['dead/expired', `the time to live of message ${message.id} is over; purge the letter`];
  const home = desk.box(letter.delivery === 0n ? letter.agent : mailboxOfDelivery(letter.delivery));
  if (!home) return ['agent/unknown', `the agent that letter ${letter.no} was for is gone; purge the letter`];
  if (letter.delivery === 0n) {
    // The agent's cursor is past the broadcast, so it gets it as a delivery of its own.
    message.deliveries.push(deliver(desk, home, { ...message, delayMs: 0n }, envelopeOf(message)));
    db.message.id.update(message);
    return undefined;
  }
  const ended = db.ended.id.find(letter.delivery);
  if (ended?.state !== 'dead') return ['delivery/not-dead', `delivery ${letter.delivery} is no longer dead`];
  move('dead', 'redrive');
  db.ended.id.delete(ended.id);
  enqueue(desk, home, {
    id: ended.id,
    message: message.id,
    lane: message.priority,
    attempt: nextLife(ended.attempt),
    availableAt: desk.now,
    holder: isQueue(ended.agent) ? 0n : ended.agent,
  });
  const account = desk.account(message.sender);
  account.unfinished++;
  desk.charged(account);
  offerWaiting(desk, home);
  return undefined;
}
