// Looks at what is due: one chunk of one slot a call.

import { withDesk, type Desk } from '../unit-of-work.ts';
import { timeOutAsk } from '../message/ask.ts';
import { checkPulse } from '../agent/pulse.ts';
import { announceDelayed } from '../message/broadcast.ts';
import { expireMessage } from '../message/cancel.ts';
import { sweepGone } from '../message/unregistered.ts';
import { forget } from '../message/retention.ts';
import { refill, requeue, sweepMailbox } from '../message/sweep.ts';
import { letGoUnadmitted } from '../operator/admission.ts';
import { countAgain } from '../operator/counters.ts';
import { goOnWithLetters } from '../operator/dead-letters.ts';
import { agora } from '../schema.ts';
import { escalate, lookForApprover } from '../workflow/kinds/approval.ts';
import { endOverdue, retryStep, timeOutStep } from '../workflow/step-triggers.ts';
import { forgetWorkflow } from '../workflow/retention.ts';
import { chunkKey, type DueKind } from '../time/schedule.ts';
import { dueSlot } from '../tables/time.ts';

/** Private: runs by schedule only. A failure is logged by the server, and costs one chunk. */
export const sweepSlot = agora.reducer({ onSchedule: dueSlot }, { slot: dueSlot.rowType }, (ctx, { slot }) => {
  withDesk(ctx, desk => {
    const key = chunkKey(slot.slot, slot.chunk);
    const rows = [...ctx.db.due.chunk.filter(key)]; // at most 256 rows, by construction of the key
    for (const row of rows) {
      ctx.db.due.id.delete(row.id);
      // The kinds are written by `remember` alone.
      look(desk, row.kind as DueKind, row.ref, row.text);
    }
    // Nothing comes into a slot any more once its time has come.
    if (slot.chunk === 0) ctx.db.dueCount.slot.delete(slot.slot);
  });
});

function look(desk: Desk, kind: DueKind, ref: bigint, text: string): void {
  switch (kind) {
    case 'mailbox':
      return sweepMailbox(desk, ref);
    case 'requeue':
      return requeue(desk, ref);
    case 'refill':
      return refill(desk, ref);
    case 'ask':
      return timeOutAsk(desk, text);
    case 'expire':
      return expireMessage(desk, text);
    case 'announce':
      return announceDelayed(desk, text);
    case 'gone':
      return sweepGone(desk, ref, text);
    case 'pulse':
      return checkPulse(desk, ref);
    case 'approval':
      return escalate(desk, ref, text);
    case 'approver':
      return lookForApprover(desk, ref, text);
    case 'step-timeout':
      return timeOutStep(desk, ref, text);
    case 'step-retry':
      return retryStep(desk, ref);
    case 'workflow-deadline':
      return endOverdue(desk, text);
    case 'forget':
      return forget(desk, text);
    case 'workflow':
      return forgetWorkflow(desk, text, ref);
    case 'redrive':
    case 'purge':
      return goOnWithLetters(desk, kind, text);
    case 'unadmitted':
      return letGoUnadmitted(desk, ref);
    case 'count':
      return countAgain(desk);
  }
}
