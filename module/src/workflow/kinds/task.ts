// A step that an agent does: its agent, or one with a capability.

import type { Mailbox } from '../../mailbox.ts';
import { cancelMessage } from '../../message/cancel.ts';
import { alertIfDeserted, queueOf } from '../../message/queue.ts';
import { post } from '../../message/store.ts';
import type { UnitOfWork } from '../../unit-of-work.ts';
import type { StepSpec } from '../check.ts';
import type { Run } from '../run.ts';
import type { Step } from '../step.ts';
import { waitOfDelivery } from '../wait.ts';
import { chargeWork, workMessage } from '../work-message.ts';
import type { Progress, StepKind } from './kind.ts';

export const task: StepKind = {
  appliesTo: (step, { capability }) => step.agentName !== '' || capability !== undefined,
  begins: assignTask,
  waitsFor: (db, step) => waitOfDelivery(db, step, step.message),
  stops: (_, run, step, reason) => cancelTask(run, step, reason),
};

/** Cancels the message of a running step. */
function cancelTask({ unit }: Run, step: Step, reason: string): void {
  const message = step.state === 'running' ? unit.ctx.db.message.id.find(step.message) : undefined;
  if (message) cancelMessage(unit, message, reason);
}

function assignTask(progress: Progress, run: Run, step: Step): void {
  const spec = run.specOf(step);
  const assignee = assigneeOf(run.unit, step, spec);
  if (!assignee) return progress.finish(run, step, 'fail', { error: `agent "${step.agentName}" is unregistered` });
  if (!chargeWork(run, assignee)) return run.hold(step);
  const message = workMessage(run, step, 'task', assignee);
  if (!run.startAttempt(step, message.id)) return;
  post(run.unit, message, [assignee]);
  // `deliver` reports the first delivery of a deserted queue.
  if (assignee.waiting > 1) alertIfDeserted(run.unit, assignee);
  run.publish('step_ready', { step: step.name, agent: step.agentName || `@${spec.capability}` });
}

/** The mailbox of the step's agent, or the work queue of its capability. */
function assigneeOf(unit: UnitOfWork, step: Step, { capability }: StepSpec): Mailbox | undefined {
  return capability === undefined ? unit.box(step.agent) : queueOf(unit, capability);
}
