// Fires due timers: one chunk of one slot in each call. A new timer is one word in `TIMERS` and one line in `FIRE`.

import { checkPulse } from '../agent/pulse.ts';
import { sendDelayedBroadcast } from '../message/broadcast.ts';
import { expireMessage, timeOut } from '../message/cancel.ts';
import { forget } from '../message/retention.ts';
import { refill, requeue, sweepMailbox } from '../message/sweep.ts';
import { deadLetterLanes } from '../message/unregistered.ts';
import { detachUnadmitted } from '../operator/admission.ts';
import { refreshCounters } from '../operator/counters.ts';
import { continueAction } from '../operator/dead-letters.ts';
import { agora } from '../schema.ts';
import { dueSlot } from '../tables/time.ts';
import { chunkKey, type Timer } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { checkApprover, escalate } from '../workflow/approvals.ts';
import { forgetWorkflow } from '../workflow/retention.ts';
import { endOverdue, retryStep, timeOutStep } from '../workflow/step-triggers.ts';
import { withUnitOfWork } from './call.ts';

/** The action of each timer, by its kind; a kind without an entry does not compile. */
const FIRE: { readonly [Kind in Timer]: (unit: UnitOfWork, ref: bigint, text: string) => void } = {
  mailbox: sweepMailbox,
  requeue,
  refill,
  ask: (unit, _, message) => timeOut(unit, message),
  expire: (unit, _, message) => expireMessage(unit, message),
  broadcast: (unit, _, message) => sendDelayedBroadcast(unit, message),
  unregistered: deadLetterLanes,
  pulse: checkPulse,
  approval: escalate,
  approver: checkApprover,
  'step-timeout': timeOutStep,
  'step-retry': retryStep,
  'workflow-deadline': (unit, _, workflow) => endOverdue(unit, workflow),
  forget: (unit, _, message) => forget(unit, message),
  workflow: (unit, from, workflow) => forgetWorkflow(unit, workflow, from),
  redrive: (unit, _, filter) => continueAction(unit, 'redrive', filter),
  purge: (unit, _, filter) => continueAction(unit, 'purge', filter),
  unadmitted: detachUnadmitted,
  count: refreshCounters,
};

/** Runs by schedule only. The server logs a failure, which affects one chunk. */
export const sweepSlot = agora.reducer({ onSchedule: dueSlot }, { slot: dueSlot.rowType }, (ctx, { slot }) => {
  withUnitOfWork(ctx, unit => {
    const key = chunkKey(slot.slot, slot.chunk);
    const rows = [...ctx.db.due.chunk.filter(key)]; // at most 256 rows, by construction of the key
    for (const row of rows) {
      ctx.db.due.id.delete(row.id);
      FIRE[row.kind as Timer](unit, row.ref, row.text); // only `schedule` writes kinds
    }
    // No timer is added to a slot whose time has come.
    if (slot.chunk === 0) ctx.db.dueCount.slot.delete(slot.slot);
  });
});
