// Fires due timers, within a budget of rows in each call. A new timer is one word in `TIMERS` and one line in `FIRE`.

import { checkPulse } from '../agent/pulse.ts';
import { endAbsent, endLease, endWait } from '../claim/timers.ts';
import { appendSystemEvent } from '../event/append.ts';
import { sendDelayedBroadcast } from '../message/broadcast.ts';
import { cancelDependents, expireMessage, timeOut } from '../message/cancel.ts';
import { ensureSweep, forget } from '../message/retention.ts';
import { refill, requeue, sweepMailbox } from '../message/sweep.ts';
import { deadLetterLanes, removeDeserted } from '../message/unregistered.ts';
import { detachUnadmitted } from '../operator/admission.ts';
import { refreshCounters } from '../operator/counters.ts';
import { continueAction } from '../operator/dead-letters.ts';
import { agora, type Ctx } from '../schema.ts';
import { dueSlot, timerWatch } from '../tables/time.ts';
import { recordPresence } from '../time/absence.ts';
import { recoverTimers } from '../time/recover.ts';
import {
  type Checked,
  CHUNK,
  chunkKey,
  type Due,
  removeTimer,
  schedule,
  scheduleChunk,
  type Timer,
} from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { askForLeft, checkApprover, escalate } from '../workflow/approvals.ts';
import { forgetWorkflow } from '../workflow/retention.ts';
import {
  continueWorkflow,
  endOverdue,
  isUnderWay,
  retryHeld,
  retryStep,
  timeOutStep,
} from '../workflow/step-triggers.ts';
import { withUnitOfWork } from './call.ts';

/** The action of each timer, by its kind; a kind without an entry does not compile. */
const FIRE: { readonly [Kind in Timer]: (unit: UnitOfWork, ref: bigint, text: string) => void } = {
  mailbox: sweepMailbox,
  requeue,
  refill,
  ask: (unit, _, message) => timeOut(unit, message),
  dependents: cancelDependents,
  expire: (unit, _, message) => expireMessage(unit, message),
  broadcast: (unit, _, message) => sendDelayedBroadcast(unit, message),
  unregistered: deadLetterLanes,
  deserted: (unit, queue) => removeDeserted(unit, queue),
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

/** Returns true if the subject of a checked timer still exists. */
const SUBJECT: { readonly [Kind in Checked]: (db: Ctx['db'], ref: bigint, text: string) => boolean } = {
  expire: (db, _, message) => db.message.id.find(message) !== null,
  'step-timeout': (db, step, message) => isUnderWay(db.step.id.find(step), message),
  'workflow-deadline': (db, _, workflow) => db.workflowState.id.find(workflow)?.endedAt === 0n,
  deserted: (db, queue) => db.mailbox.agent.find(queue) !== null,
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
        removeTimer(unit, row);
        if (row.until > unit.now) checkLong(unit, row);
        else FIRE[row.kind as Timer](unit, row.ref, row.text); // only `schedule` writes kinds
        unit.spend(ROWS_PER_TIMER);
      }
      markSwept(unit, slot);
    });
  },
);

/** Schedules a timer again whose time has not come, if it still has a subject. */
function checkLong(unit: UnitOfWork, { kind, ref, text, until, agent }: Due): void {
  const timer = kind as Checked; // only `schedule` writes `until`, for these
  if (SUBJECT[timer](unit.ctx.db, ref, text)) schedule(unit, until, timer, ref, text, agent);
}

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

/** Runs by schedule only, every 5 s: records that the hub is running, fires lost timers again, and the retention sweep if that was lost. */
export const watchTimers = agora.reducer({ onSchedule: timerWatch }, { row: timerWatch.rowType }, ctx => {
  withUnitOfWork(ctx, unit => {
    recordPresence(unit);
    recoverTimers(unit, ({ kind, ref }) => {
      appendSystemEvent(unit, 0n, 'system_alert', { alert: 'timer_failed', timer: kind, ref: Number(ref) });
    });
  });
  ensureSweep(ctx);
});
