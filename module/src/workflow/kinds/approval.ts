// A step that waits for an approval, before it begins or as its only work. The request is an ordinary message.

import { cancelMessage } from '../../message/cancel.ts';
import { post } from '../../message/store.ts';
import { toMicros } from '../../micros.ts';
import type { UnitOfWork } from '../../unit-of-work.ts';
import type { Run } from '../run.ts';
import { namedIn, type Step } from '../step.ts';
import { chargeWork, workMessage } from '../work-message.ts';
import type { Progress, StepKind } from './kind.ts';

export const approval: StepKind = {
  appliesTo: (step, spec) => spec.approval !== undefined && step.approval !== 'approved',
  begins: requestApproval,
  waitsFor: (db, step) => ({
    waitsFor: 'approval',
    whom: [db.mailbox.agent.find(step.approver)?.name ?? ''],
    until: step.dueAt,
  }),
  stops: (_, { unit }, step, reason) => withdrawRequest(unit, step, reason),
};

/** Asks the approver of a step; or the next one, if the approver is unregistered or was asked before. */
function requestApproval(progress: Progress, run: Run, step: Step): void {
  const { unit } = run;
  const spec = run.specOf(step);
  if (!spec.approval) return;
  const { by, escalate_to: next, timeout_ms: timeoutMs } = spec.approval;
  const approver = (step.approval === '' ? namedIn(unit, spec, by) : undefined) ?? namedIn(unit, spec, next);
  if (!approver) return progress.finish(run, step, 'fail', { error: `approver "${next ?? by}" is unregistered` });
  if (!chargeWork(run, approver)) return run.hold(step);
  const message = workMessage(run, step, 'approval', approver);
  const dueAt = timeoutMs === undefined ? 0n : unit.now + toMicros(timeoutMs);
  run.moveStep(step, 'hold', { approval: 'asked', approver: approver.agent, message: message.id, dueAt });
  if (timeoutMs !== undefined) run.schedule(dueAt, 'approval', step.id, message.id);
  post(unit, message, [approver]);
  run.publish('step_approval_requested', { step: step.name, agent: approver.name });
}

/** Cancels the open request of a step. */
export function withdrawRequest(unit: UnitOfWork, step: Step, reason: string): void {
  if (step.approval !== 'asked') return;
  unit.ctx.db.seenRequest.step.delete(step.id);
  const message = unit.ctx.db.message.id.find(step.message);
  if (message) cancelMessage(unit, message, reason);
}
