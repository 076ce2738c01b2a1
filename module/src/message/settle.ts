// What its holder says of an offered delivery: acknowledged, answered, failed, to be kept longer.

import { checkAnswerId } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { refuse } from '../refuse.ts';
import { isLongerThan, parseJson } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Answer } from './answer.ts';
import { endOffered, giveBack } from './end.ts';
import { type Attempt, find, findHeld, type Held, refuseNotice } from './find.ts';
import { sweepLater, takeNotice } from './offer.ts';

/** Done, without more to say. A notice is acknowledged the same way. */
export function acknowledge(unit: UnitOfWork, act: Attempt): void {
  const found = find(unit, act, 'done');
  if (!found) return;
  const { box, row } = found;
  if (row.attempt > 0) endOffered(unit, box, row, 'finish', '', { status: 'success', data: 'null' });
  // The newest signal of an open ask is shown until the ask ends.
  else if (row.kind !== 'progress') takeNotice(unit, box, row.id);
}

/** Done, with an answer: to whoever asked, or as the output of a step. Or with a question back, for who asked. */
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
  checkAnswerId(act.id);
  if (status !== 'error') checkJson(act.data);
  else if (isLongerThan(act.error, LIMITS.headerBytes)) {
    refuse('message/too-large', `the error of an answer is over ${LIMITS.headerBytes} bytes; shorten it`);
  }
  const found = find(unit, act, 'done');
  if (!found) return;
  refuseNotice(found.row);
  if (status === 'input_required' && found.row.kind !== 'ask') {
    refuse('delivery/no-asker', `nobody waits for an answer to delivery ${act.delivery}, so nobody can be asked back`);
  }
  if (unit.ctx.db.message.id.find(act.id))
    refuse('message/id-reused', `${act.id} was used before; answer under a new id`);
  const answer: Answer = status === 'error' ? { status, error: act.error } : { status, data: act.data };
  endOffered(unit, found.box, found.row, 'finish', '', answer, act.id);
}

/** Not done: back after a backoff if `retry`, and dead after the last attempt; or failed for good. */
export function fail(unit: UnitOfWork, act: Attempt & { readonly reason: string; readonly retry: boolean }): void {
  const found = find(unit, act, act.retry ? 'delayed' : 'failed');
  if (!found) return;
  refuseNotice(found.row);
  failHeld(unit, found, act.reason, act.retry);
}

function failHeld(unit: UnitOfWork, { box, row }: Held, reason: string, retry: boolean): void {
  const short = reason.slice(0, LIMITS.reasonLength);
  const isOver = !retry || (row.kind === 'task' && unit.tasks.ownsRetries(unit, row.message));
  if (isOver) endOffered(unit, box, row, 'fail', short, { status: 'error', error: short, isPermanent: !retry });
  else giveBack(unit, box, row, short);
}

/** The lease ends `ms` from now. */
export function extend(unit: UnitOfWork, act: Attempt & { readonly ms: number }): void {
  if (act.ms === 0 || act.ms > LIMITS.maxLeaseMs) {
    refuse('delivery/bad-lease', `a lease lasts 1 to ${LIMITS.maxLeaseMs} ms`);
  }
  const { box, row } = findHeld(unit, act);
  const leaseUntil = unit.now + BigInt(act.ms) * 1000n;
  unit.ctx.db.offer.id.update({ ...row, leaseUntil });
  // A lease may be shortened too: the mailbox is looked at when the first one ends.
  sweepLater(unit, box, leaseUntil);
}

/** Ends a step's delivery with its output. */
export function finishStep(unit: UnitOfWork, act: Attempt & { readonly output: string }): void {
  checkJson(act.output);
  const found = find(unit, act, 'done');
  if (!found) return;
  refuseOther(found);
  endOffered(unit, found.box, found.row, 'finish', '', { status: 'success', data: act.output });
}

/** Fails a step's delivery: tried again if `retry`, as the step says or as every delivery is; else the step fails. */
export function failStep(unit: UnitOfWork, act: Attempt & { readonly error: string; readonly retry: boolean }): void {
  const found = find(unit, act, act.retry ? 'tried' : 'failed');
  if (!found) return;
  refuseOther(found);
  failHeld(unit, found, act.error, act.retry);
}

function refuseOther({ row }: Held): void {
  if (row.kind !== 'task') refuse('delivery/not-a-step', `delivery ${row.id} is not a step of a workflow`);
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
