// Fires the timers that are due: one chunk of one slot a call. A timer is one word in `TIMERS` and one line in `FIRE`.

import type { UnitOfWork } from '../unit-of-work.ts';
import { checkPulse } from '../agent/pulse.ts';
import { timeOutAsk } from '../message/ask.ts';
import { announceDelayed } from '../message/broadcast.ts';
import { expireMessage } from '../message/cancel.ts';
import { forget } from '../message/retention.ts';
import { refill, requeue, sweepMailbox } from '../message/sweep.ts';
import { sweepUnregistered } from '../message/unregistered.ts';
import { detachUnadmitted } from '../operator/admission.ts';
import { countAgain } from '../operator/counters.ts';
import { continueRemedy } from '../operator/dead-letters.ts';
import { agora } from '../schema.ts';
import { dueSlot } from '../tables/time.ts';
import { chunkKey, type Timer } from '../time/schedule.ts';
import { checkApprover, escalate } from '../workflow/approvals.ts';
import { forgetWorkflow } from '../workflow/retention.ts';
import { endOverdue, retryStep, timeOutStep } from '../workflow/step-triggers.ts';
import { withUnitOfWork } from './call.ts';

/** What a timer fires, by its kind; a kind without an entry does not compile. */
const FIRE: { readonly [Kind in Timer]: (unit: UnitOfWork, ref: bigint, text: string) => void } = {
  mailbox: sweepMailbox,
  requeue,
  refill,
  ask: (unit, _, message) => timeOutAsk(unit, message),
  expire: (unit, _, message) => expireMessage(unit, message),
  announce: (unit, _, message) => announceDelayed(unit, message),
  gone: sweepUnregistered,
  pulse: checkPulse,
  approval: escalate,
  approver: checkApprover,
  'step-timeout': timeOutStep,
  'step-retry': retryStep,
  'workflow-deadline': (unit, _, workflow) => endOverdue(unit, workflow),
  forget: (unit, _, message) => forget(unit, message),
  workflow: (unit, from, workflow) => forgetWorkflow(unit, workflow, from),
  redrive: (unit, _, filter) => continueRemedy(unit, 'redrive', filter),
  purge: (unit, _, filter) => continueRemedy(unit, 'purge', filter),
  unadmitted: detachUnadmitted,
  count: countAgain,
};

/** Private: runs by schedule only. The server logs a failure, which affects one chunk. */
export const sweepSlot = agora.reducer({ onSchedule: dueSlot }, { slot: dueSlot.rowType }, (ctx, { slot }) => {
  withUnitOfWork(ctx, unit => {
    const key = chunkKey(slot.slot, slot.chunk);
    const rows = [...ctx.db.due.chunk.filter(key)]; // at most 256 rows, by construction of the key
    for (const row of rows) {
      ctx.db.due.id.delete(row.id);
      FIRE[row.kind as Timer](unit, row.ref, row.text); // only `schedule` writes kinds
    }
    // A slot takes no more timers once its time has come.
    if (slot.chunk === 0) ctx.db.dueCount.slot.delete(slot.slot);
  });
});
