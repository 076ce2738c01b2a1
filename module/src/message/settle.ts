// Ends a delivery, or gives it back: acknowledged, failed, answered, lease over, agent gone.
// Every act names its attempt, so that a late one never settles a later attempt.

import { isSame } from '../access.ts';
import { LIMITS, UUID_V7, type DeliveryState } from '../contract.ts';
import { agentOfDelivery, type Desk, type Mailbox } from '../desk.ts';
import { appendSystemEvent } from '../event/publish.ts';
import { refuse } from '../refuse.ts';
import { isLongerThan, parseJson } from '../text.ts';
import { remember } from '../time/due.ts';
import { endStep } from '../workflow/run.ts';
import { answerAsk, closeAsk, type Answer } from './ask.ts';
import { fill, notify, releaseOffer, sweepLater, type Offer, type Waiting } from './deliver.ts';
import { noticeEnvelope } from './envelope.ts';
import { backoffMicros, MOVES } from './rules.ts';

/** Names an offered delivery. */
export interface Attempt {
  readonly delivery: bigint;
  readonly attempt: number;
}

/** What an act finds: the offered row and its mailbox, or nothing more to do since it was done before. */
type Found = { readonly box: Mailbox; readonly row: Offer } | undefined;

/** Done, without more to say. A notice is acknowledged the same way. */
export function acknowledge(desk: Desk, act: Attempt): void {
  const found = find(desk, act, 'done');
  if (!found) return;
  const { box, row } = found;
  if (row.attempt === 0) desk.ctx.db.offer.id.delete(row.id);
  else end(desk, box, row, 'finish', '', { status: 'success', data: 'null' });
}

/** Done, with an answer: to whoever asked, or as the output of a step. */
export function respond(
  desk: Desk,
  act: Attempt & { readonly id: string; readonly status: string; readonly data: string; readonly error: string },
): void {
  if (act.status !== 'success' && act.status !== 'error') {
    refuse('delivery/bad-answer', `an answer's status is "success" or "error", not "${act.status.slice(0, 32)}"`);
  }
  if (!UUID_V7.test(act.id)) refuse('message/bad-id', `"${act.id.slice(0, 64)}" is not a UUIDv7 in lower case`);
  if (act.status === 'success') checkJson(act.data);
  else if (isLongerThan(act.error, LIMITS.headerBytes)) {
    refuse('message/too-large', `the error of an answer is over ${LIMITS.headerBytes} bytes; shorten it`);
  }
  const found = find(desk, act, 'done');
  if (!found) return;
  refuseNotice(found.row);
  if (desk.ctx.db.message.id.find(act.id))
    refuse('message/id-reused', `${act.id} was used before; answer under a new id`);
  const answer: Answer =
    act.status === 'success' ? { status: 'success', data: act.data } : { status: 'error', error: act.error };
  end(desk, found.box, found.row, 'finish', '', answer, act.id);
}

/** Not done: back after a backoff if `retry`, and dead after the last attempt; or failed for good. */
export function fail(desk: Desk, act: Attempt & { readonly reason: string; readonly retry: boolean }): void {
  const found = find(desk, act, act.retry ? 'delayed' : 'failed');
  if (!found) return;
  refuseNotice(found.row);
  const reason = act.reason.slice(0, 1_000);
  if (act.retry) giveBack(desk, found.box, found.row, reason);
  else end(desk, found.box, found.row, 'fail', reason, { status: 'error', error: reason });
}

/** The lease ends `ms` from now. */
export function extend(desk: Desk, act: Attempt & { readonly ms: number }): void {
  if (act.ms === 0 || act.ms > LIMITS.maxLeaseMs) {
    refuse('delivery/bad-lease', `a lease lasts 1 to ${LIMITS.maxLeaseMs} ms`);
  }
  const found = find(desk, act);
  if (!found) return;
  refuseNotice(found.row);
  desk.ctx.db.offer.id.update({ ...found.row, leaseUntil: desk.now + BigInt(act.ms) * 1000n });
}

/** Ends a step's delivery with its output. */
export function finishStep(desk: Desk, act: Attempt & { readonly output: string }): void {
  checkJson(act.output);
  const found = findStep(desk, act, 'done');
  if (found) end(desk, found.box, found.row, 'finish', '', { status: 'success', data: act.output });
}

/** Fails a step's delivery: tried again if `retry`, else the step fails. */
export function failStep(desk: Desk, act: Attempt & { readonly error: string; readonly retry: boolean }): void {
  const found = findStep(desk, act, act.retry ? 'delayed' : 'failed');
  if (!found) return;
  const error = act.error.slice(0, 1_000);
  if (act.retry) giveBack(desk, found.box, found.row, error);
  else end(desk, found.box, found.row, 'fail', error, { status: 'error', error });
}

/** An offered delivery goes back with one more attempt, after a backoff; after the last attempt it is dead. */
export function giveBack(desk: Desk, box: Mailbox, row: Offer, reason: string): void {
  if (row.attempt >= LIMITS.attempts) return end(desk, box, row, 'give-up', reason, { status: 'error', error: reason });
  releaseOffer(desk, box, row);
  const attempt = row.attempt + 1;
  const at = desk.now + backoffMicros(attempt);
  desk.ctx.db.waiting.insert({
    id: row.id,
    agent: row.agent,
    lane: 0,
    position: row.id,
    message: row.message,
    availableAt: at,
    attempt,
  });
  remember(desk, at, 'requeue', row.id);
  fill(desk, box);
}

/** Records that a delivery is dead, and tells who should know. */
export function bury(desk: Desk, row: Pick<Waiting, 'id' | 'agent' | 'message' | 'attempt'>, reason: string): void {
  record(desk, row, 'dead', reason);
  afterwards(desk, row, 'dead', reason, { status: 'error', error: reason });
}

/** The mailbox of an agent that is gone: what it holds is dead. At most `credit + criticalCredit` duties, and its notices. */
export function buryOffers(desk: Desk, box: Mailbox, reason: string): void {
  for (const row of [...desk.ctx.db.offer.agent.filter(box.agent)]) {
    desk.ctx.db.offer.id.delete(row.id);
    if (row.attempt > 0) bury(desk, row, reason);
  }
}

/** Gives back what is overdue: leases that ended, and everything once an agent stayed away for the grace period. */
export function sweepMailbox(desk: Desk, agent: bigint): void {
  const box = desk.box(agent);
  if (!box) return;
  box.sweepAt = 0n;
  desk.changed(box);
  const graceEnds = box.offlineSince + BigInt(LIMITS.graceMs) * 1000n;
  const isAway = !box.online && graceEnds <= desk.now;
  let next = 0n;
  // At most `credit + criticalCredit` duties, and the notices the agent has not taken yet.
  for (const row of [...desk.ctx.db.offer.agent.filter(agent)]) {
    if (row.attempt === 0) continue;
    if (isAway) giveBack(desk, box, row, 'the agent went away');
    else if (row.leaseUntil <= desk.now) giveBack(desk, box, row, 'the lease ended');
    else if (next === 0n || row.leaseUntil < next) next = row.leaseUntil;
  }
  if (!box.online && !isAway && (next === 0n || graceEnds < next)) next = graceEnds;
  if (next > 0n) sweepLater(desk, box, next);
}

/**
 * The offered delivery that an act names. `end` is what the act makes of it: found so already, the act was made before (given
 * back after its last attempt, a delivery is dead). An act without an end cannot have been made before.
 */
function find(desk: Desk, act: Attempt, end?: DeliveryState): Found {
  const box = desk.box(agentOfDelivery(act.delivery));
  if (!box || !isSame(box.owner, desk.ctx.sender))
    refuse('delivery/unknown', `there is no delivery ${act.delivery} of yours`);
  const row = desk.ctx.db.offer.id.find(act.delivery);
  if (row) {
    if (row.attempt === act.attempt) return { box, row };
    refuse(
      'delivery/stale-attempt',
      `delivery ${act.delivery} is at attempt ${row.attempt}; attempt ${act.attempt} was taken back`,
    );
  }
  // A notice that is gone was acknowledged: it can leave the inbox in no other way.
  if (act.attempt === 0) return undefined;
  const ended = desk.ctx.db.ended.id.find(act.delivery);
  if (ended) {
    if (ended.attempt !== act.attempt) {
      refuse('delivery/stale-attempt', `delivery ${act.delivery} ended as ${ended.state} at attempt ${ended.attempt}`);
    }
    if (end === ended.state || (end === 'delayed' && ended.state === 'dead')) return undefined;
    refuse('delivery/ended', `delivery ${act.delivery} has ended as ${ended.state}`);
  }
  const waiting = desk.ctx.db.waiting.id.find(act.delivery);
  if (!waiting) refuse('delivery/unknown', `there is no delivery ${act.delivery} of yours`);
  if (end === 'delayed' && waiting.attempt === act.attempt + 1) return undefined;
  refuse(
    act.attempt < waiting.attempt ? 'delivery/stale-attempt' : 'delivery/not-offered',
    `delivery ${act.delivery} is waiting for attempt ${waiting.attempt}`,
  );
}

function findStep(desk: Desk, act: Attempt, end: DeliveryState): Found {
  const found = find(desk, act, end);
  if (found && found.row.kind !== 'task')
    refuse('delivery/not-a-step', `delivery ${act.delivery} is not a step of a workflow`);
  return found;
}

function refuseNotice(row: Offer): void {
  if (row.attempt === 0) refuse('delivery/ended', `delivery ${row.id} is a notice; acknowledge it`);
}

function checkJson(data: string): void {
  if (isLongerThan(data, LIMITS.payloadBytes)) {
    refuse(
      'message/too-large',
      `the answer is over ${LIMITS.payloadBytes} bytes; answer with a reference to it instead`,
    );
  }
  if (!parseJson(data)) refuse('delivery/bad-answer', 'the data of the answer is not JSON');
}

/** Ends an offered delivery by a legal move, tells who should know, and offers the next. */
function end(
  desk: Desk,
  box: Mailbox,
  row: Offer,
  happening: 'finish' | 'fail' | 'give-up',
  reason: string,
  answer: Answer,
  answerId?: string,
): void {
  const state = MOVES.offered[happening];
  if (!state) throw new Error(`no move ${happening} from offered`);
  releaseOffer(desk, box, row);
  record(desk, row, state, reason);
  afterwards(desk, row, state, reason, answer, answerId);
  fill(desk, box);
}

function record(
  desk: Desk,
  row: Pick<Offer, 'id' | 'agent' | 'message' | 'attempt'>,
  state: DeliveryState,
  reason: string,
): void {
  const { id, agent, message, attempt } = row;
  desk.ctx.db.ended.insert({ id, agent, message, state, attempt, at: desk.now, reason });
}

/** What the end of a delivery means to others: its asker, its step, its sender. */
function afterwards(
  desk: Desk,
  row: Pick<Offer, 'id' | 'agent' | 'message' | 'attempt'> & { readonly kind?: string },
  state: DeliveryState,
  reason: string,
  answer: Answer,
  answerId?: string,
): void {
  if (row.kind === 'message' && state !== 'dead') return;
  const message = desk.ctx.db.message.id.find(row.message);
  if (!message) return;
  if (message.kind === 'task') endStep(desk, message, row, answer);
  else if (message.kind === 'ask' && state !== 'dead')
    answerAsk(desk, message, row.agent, answer, answerId ?? desk.ctx.newUuidV7().toString());
  if (state !== 'dead') return;
  appendSystemEvent(desk, 'message_dead_lettered', { message_id: message.id, agent_id: Number(row.agent) });
  if (message.kind === 'ask') closeAsk(desk, message.id);
  const sender = desk.box(message.sender);
  if (sender)
    notify(desk, sender, 'dead', message.id, noticeEnvelope('delivery_dead', message.id, desk.now, { reason }));
}
