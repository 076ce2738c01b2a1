// Acts of the holder of a delivery: acknowledge, respond, fail, extend the lease, finish or fail a step.

import { checkId } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { toMicros } from '../micros.ts';
import { refuse } from '../refuse.ts';
import { isLongerThan, parseInput } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Answer } from './answer.ts';
import { endOffered, giveBack } from './end.ts';
import { answerPayload } from './envelope.ts';
import { type Attempt, findHeld, type Held, refuseNotice, requireHeld } from './held.ts';
import { scheduleSweep, takeNotice } from './offer.ts';

/** Finishes a delivery without an answer, or removes a notice. */
export function acknowledge(unit: UnitOfWork, act: Attempt): void {
  const found = findHeld(unit, act, 'done');
  if (!found) return;
  const { box, row } = found;
  if (row.attempt > 0) endOffered(unit, box, row, 'finish', '', { status: 'success', data: 'null' });
  // The newest signal of an open ask is shown until the ask ends.
  else if (row.kind !== 'progress') takeNotice(unit, box, row);
}

/** Finishes a delivery with an answer: to its asker, or as the output of a step. With `input_required`, asks the asker back. */
export function respond(
  unit: UnitOfWork,
  act: Attempt & { readonly id: string; readonly status: string; readonly data: string; readonly error: string },
): void {
  const { status } = act;
  if (status !== 'success' && status !== 'error' && status !== 'input_required') {
    refuse(
      'delivery/bad-answer',
      `an answer's status is "success", "error" or "input_required", not "${status.slice(0, 32)}"`,
    );
  }
  checkId(unit, act.id);
  if (status !== 'error') checkJson(act.data);
  else if (isLongerThan(act.error, LIMITS.headerBytes)) {
    refuse('message/too-large', `the error of an answer is over ${LIMITS.headerBytes} bytes; shorten it`);
  }
  const answer: Answer = status === 'error' ? { status, error: act.error } : { status, data: act.data };
  const found = findHeld(unit, act, 'done');
  if (!found) return checkSameAnswer(unit, act, answer);
  refuseNotice(found.row);
  if (status === 'input_required' && found.row.kind !== 'ask') {
    refuse('delivery/no-asker', `delivery ${act.delivery} is not an ask, so there is no asker to ask back`);
  }
  if (unit.ctx.db.message.id.find(act.id))
    refuse('message/id-reused', `${act.id} was used before; answer under a new id`);
  endOffered(unit, found.box, found.row, 'finish', '', answer, act.id);
}

/** Refuses an answer to a delivery that was done with another one, or without one. */
function checkSameAnswer(unit: UnitOfWork, act: Attempt & { readonly id: string }, answer: Answer): void {
  const { db } = unit.ctx;
  const ended = db.ended.id.find(act.delivery);
  if (!ended || ended.answer !== act.id) {
    refuse('delivery/ended', `delivery ${act.delivery} was done before, without the answer ${act.id}`);
  }
  // Only the answer to an ask is a message.
  const given = db.message.id.find(act.id);
  if (!given || [false, true].some(isLate => given.payload === answerPayload(answer, isLate))) return;
  refuse('message/id-reused', `${act.id} was used for another answer; a delivery is answered once`);
}

/** Refuses an output that differs from the one with which the step of a task was finished. */
function checkSameOutput(unit: UnitOfWork, act: Attempt & { readonly output: string }): void {
  const { db } = unit.ctx;
  const message = db.message.id.find(db.ended.id.find(act.delivery)?.message ?? '');
  const step = message && db.step.id.find(message.step);
  if (step?.message !== message?.id || step?.state !== 'succeeded' || step.output === act.output) return;
  refuse('delivery/ended', `delivery ${act.delivery} was done before, with another output`);
}

/** Fails an attempt. With `retry` the delivery goes back after a backoff, and is dead after the last attempt; without, it is dead. */
export function fail(unit: UnitOfWork, act: Attempt & { readonly reason: string; readonly retry: boolean }): void {
  const found = findHeld(unit, act, act.retry ? 'delayed' : 'dead');
  if (!found) return;
  refuseNotice(found.row);
  failHeld(unit, found, act.reason, act.retry);
}

function failHeld(unit: UnitOfWork, { box, row }: Held, reason: string, retry: boolean): void {
  const short = reason.slice(0, LIMITS.reasonLength);
  const isFinal = !retry || (row.kind === 'task' && unit.tasks.ownsRetries(unit, row.message));
  if (isFinal) endOffered(unit, box, row, 'fail', short, { status: 'error', error: short, isPermanent: !retry });
  else giveBack(unit, box, row, short);
}

/**
 * Sets the end of the lease to `ms` from now. An agent that does this while it is offline, for longer than a lease by default,
 * works without a connection: it keeps what it holds through its absence.
 */
export function extend(unit: UnitOfWork, act: Attempt & { readonly ms: number }): void {
  if (act.ms === 0 || act.ms > LIMITS.maxLeaseMs) {
    refuse('delivery/bad-lease', `a lease lasts 1 to ${LIMITS.maxLeaseMs} ms`);
  }
  const { box, row } = requireHeld(unit, act);
  const leaseUntil = unit.now + toMicros(act.ms);
  unit.ctx.db.offer.id.update({ ...row, leaseUntil });
  if (!box.online && act.ms > LIMITS.leaseMs && leaseUntil > box.keptUntil) {
    box.keptUntil = leaseUntil;
    unit.markBoxChanged(box);
  }
  // A lease may also be shortened, so an earlier sweep may be necessary.
  scheduleSweep(unit, box, leaseUntil);
}

/** Finishes the delivery of a step with its output. */
export function finishStep(unit: UnitOfWork, act: Attempt & { readonly output: string }): void {
  checkJson(act.output);
  const found = findHeld(unit, act, 'done');
  if (!found) return checkSameOutput(unit, act);
  requireTask(found);
  endOffered(unit, found.box, found.row, 'finish', '', { status: 'success', data: act.output });
}

/** Fails the delivery of a step. With `retry` it is repeated as the step's `retries` define, or like any delivery; without, the step fails. */
export function failStep(unit: UnitOfWork, act: Attempt & { readonly error: string; readonly retry: boolean }): void {
  const found = findHeld(unit, act, act.retry ? 'delayed' : 'dead');
  if (!found) return;
  requireTask(found);
  failHeld(unit, found, act.error, act.retry);
}

function requireTask({ row }: Held): void {
  if (row.kind !== 'task') refuse('delivery/not-a-step', `delivery ${row.id} is not a step of a workflow`);
}

function checkJson(data: string): void {
  if (isLongerThan(data, LIMITS.payloadBytes)) {
    refuse(
      'message/too-large',
      `the answer is over ${LIMITS.payloadBytes} bytes; answer with a reference to it instead`,
    );
  }
  if (!parseInput(data)) {
    refuse('delivery/bad-answer', `the data of the answer is not JSON of at most ${LIMITS.jsonDepth} levels`);
  }
}
