// Fires due timers, within a budget of rows in each call. A new timer is one word in `TIMERS` and one line in `FIRE`.

import { checkPulse } from '../agent/pulse.ts';
import { endAbsent, endLease, endWait } from '../claim/timers.ts';
import { appendSystemEvent } from '../event/append.ts';
import { sendDelayedBroadcast } from '../message/broadcast.ts';
import { expireMessage, timeOut } from '../message/cancel.ts';
import { ensureSweep, forget } from '../message/retention.ts';
import { refill, requeue, sweepMailbox } from '../message/sweep.ts';
import { deadLetterLanes } from '../message/unregistered.ts';
import { detachUnadmitted } from '../operator/admission.ts';
import { refreshCounters } from '../operator/counters.ts';
import { continueAction } from '../operator/dead-letters.ts';
import { agora } from '../schema.ts';
import { dueSlot, timerWatch } from '../tables/time.ts';
import { recordPresence } from '../time/absence.ts';
import { recoverTimers } from '../time/recover.ts';
import { CHUNK, chunkKey, scheduleChunk, type Timer } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { askForLeft, checkApprover, escalate } from '../workflow/approvals.ts';
import { forgetWorkflow } from '../workflow/retention.ts';
import { continueWorkflow, endOverdue, retryHeld, retryStep, timeOutStep } from '../workflow/step-triggers.ts';
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
  'approver-left': askForLeft,
  'step-timeout': timeOutStep,
  'step-retry': retryStep,
  'workflow-jobs': (unit, _, workflow) => continueWorkflow(unit, workflow),
  'workflow-held': (unit, _, workflow) => retryHeld(unit, workflow),
  'workflow-deadline': (unit, _, workflow) => endOverdue(unit, workflow),
  forget: (unit, _, message) => forget(unit, message),
  workflow: (unit, from, workflow) => forgetWorkflow(unit, workflow, from),
  redrive: (unit, _, filter) => continueAction(unit, 'redrive', filter),
  purge: (unit, _, filter) => continueAction(unit, 'purge', filter),
  unadmitted: detachUnadmitted,
  count: refreshCounters,
  'claim-lease': endLease,
  'claim-wait': (unit, _, claim) => endWait(unit, claim),
  'claim-absent': endAbsent,
};

/**
 * Runs by schedule only. Fires the timers of one chunk until the call has touched `rowsPerCall` rows; the rest of the chunk is a
 * call of its own. Bound: `rowsPerCall`, and the rows of one timer, which states its own bound. A failure rolls all of them back:
 * `watchTimers` finds them.
 */
export const sweepSlot = agora.reducer(
  { onSchedule: dueSlot },
  { slot: dueSlot.rowType },
  (ctx, { slot: { slot, chunk } }) => {
    withUnitOfWork(ctx, unit => {
      const rows = [...ctx.db.due.chunk.filter(chunkKey(slot, chunk))]; // at most 256 rows, by construction of the key
      for (const row of rows) {
        if (unit.isSpent) return scheduleChunk(unit, slot, chunk);
        ctx.db.due.id.delete(row.id);
        FIRE[row.kind as Timer](unit, row.ref, row.text); // only `schedule` writes kinds
        unit.spend(ROWS_PER_TIMER);
      }
      markSwept(unit, slot);
    });
  },
);

/** Rows that a timer touches that counts none. */
const ROWS_PER_TIMER = 4;

/** Counts a chunk as fired. No timer is added to a slot whose time has come, so the row goes with the last chunk. */
function markSwept(unit: UnitOfWork, slot: bigint): void {
  const { dueCount } = unit.ctx.db;
  const row = dueCount.slot.find(slot);
  if (!row) return;
  const swept = row.swept + 1;
  if (swept * CHUNK >= row.count) dueCount.slot.delete(slot);
  else dueCount.slot.update({ ...row, swept });
}

/** Runs by schedule only, every 10 s: records that the hub is running, fires lost timers again, and the retention sweep if that was lost. */
export const watchTimers = agora.reducer({ onSchedule: timerWatch }, { row: timerWatch.rowType }, ctx => {
  withUnitOfWork(ctx, unit => {
    recordPresence(unit);
    recoverTimers(unit, ({ kind, ref }) => {
      appendSystemEvent(unit, 'system_alert', { alert: 'timer_failed', timer: kind, ref: Number(ref) });
    });
  });
  ensureSweep(ctx);
});
