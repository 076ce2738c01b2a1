// Decisions, time limits and lost requests of approvals.

import { isOperator, isSame } from '../access.ts';
import { appendSystemEvent } from '../event/append.ts';
import type { Message } from '../message/envelope.ts';
import { refuse } from '../refuse.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { kindOf } from './kinds.ts';
import { approval, withdrawRequest } from './kinds/approval.ts';
import { isStepMoved } from './moves.ts';
import { assign, finish, PROGRESS, propagate } from './progress.ts';
import { Run } from './run.ts';
import { namedIn, stateOf, type Step } from './step.ts';
import { withStep } from './step-triggers.ts';

/** A call of `approveStep` or `rejectStep`. */
export interface Decision {
  readonly workflow: string;
  readonly step: string;
  readonly isApproved: boolean;
  readonly comment: string;
}

/** Approves or rejects a step, for its approver and operators. Approving an approved step is a no-op. */
export function decideApproval(unit: UnitOfWork, { workflow, step: name, isApproved, comment }: Decision): void {
  const run = Run.find(unit, workflow);
  const step = run?.named(name);
  const approver = step && unit.box(step.approver);
  const isApprover = approver !== undefined && isSame(approver.owner, unit.ctx.sender);
  if (!run || !step || !(isApprover || isOperator(unit.ctx.db, unit.ctx.sender))) {
    refuse(
      'workflow/no-approval',
      `you are not asked to approve a step "${name.slice(0, 64)}" of ${workflow.slice(0, 64)}`,
    );
  }
  if (isApproved && step.approval === 'approved') return;
  if (step.approval !== 'asked' || !isStepMoved(stateOf(step), 'approve')) {
    refuse('workflow/no-approval', `step "${step.name}" is ${step.state}; it does not wait for an approval`);
  }
  const by = isApprover ? approver.name : 'an operator';
  withdrawRequest(unit, step, `${by} has answered`);
  if (isApproved) propagate(run, () => approve(run, step, JSON.stringify({ approved: true, by, comment })));
  else finish(run, step, 'fail', { error: `rejected by ${by}${comment === '' ? '' : `: ${comment}`}` });
  Run.saveAll(unit);
}

/** Begins an approved step; or ends it with `output`, if the approval was its only work. */
function approve(run: Run, step: Step, output: string): void {
  run.moveStep(step, 'approve', { approval: 'approved', message: '', dueAt: 0n });
  if (kindOf(step, run.specOf(step))) assign(run, step);
  else finish(run, step, 'succeed', { output });
}

/** Timer: a request was not answered in time. Asks the next approver, or fails the step. */
export function escalate(unit: UnitOfWork, id: bigint, message: string): void {
  withStep(unit, id, (run, step) => {
    if (!isRequestedBy(step, message)) return;
    const timeoutMs = run.specOf(step).approval?.timeout_ms;
    askNextApprover(run, step, `it was not approved within ${timeoutMs} ms`);
  });
}

/** A request became a dead letter. Its approver may be unregistered, which the timer finds out. */
export function questionDied(unit: UnitOfWork, message: Message): void {
  schedule(unit, unit.now, 'approver', message.step, message.id);
}

/** Timer: a request is a dead letter. Asks the next approver if the first is unregistered, else publishes an alert. */
export function checkApprover(unit: UnitOfWork, id: bigint, message: string): void {
  withStep(unit, id, (run, step) => {
    if (!isRequestedBy(step, message)) return;
    const approver = unit.box(step.approver);
    if (!approver) return askNextApprover(run, step, 'its approver is unregistered');
    const about = { workflow_id: step.workflow, step: step.name, agent: approver.name };
    appendSystemEvent(unit, 'system_alert', { alert: 'approval_unheard', ...about });
  });
}

/** Returns true if a message is the open request of a step. */
function isRequestedBy(step: Step, message: string): boolean {
  return step.state === 'ready' && step.approval === 'asked' && step.message === message;
}

function askNextApprover(run: Run, step: Step, error: string): void {
  const { unit } = run;
  withdrawRequest(unit, step, error);
  const spec = run.specOf(step);
  const next = namedIn(unit, spec, spec.approval?.escalate_to);
  if (next && next.agent !== step.approver) propagate(run, () => approval.begins(PROGRESS, run, step));
  else finish(run, step, 'fail', { error });
}
