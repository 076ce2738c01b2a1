// Somebody has to agree before a step is given out. Who is asked gets an ordinary message; nothing waits in memory.

import { isOperator, isSame } from '../../access.ts';
import { inputsOf } from '../assignment.ts';
import { appendSystemEvent } from '../../event/append.ts';
import { cancelMessage } from '../../message/cancel.ts';
import type { Message } from '../../message/envelope.ts';
import { post, systemMessage } from '../../message/store.ts';
import { concernsStep } from '../moves.ts';
import { refuse } from '../../refuse.ts';
import { Run } from '../run.ts';
import { withStep } from '../step-triggers.ts';
import { stateOf, type Step } from '../step.ts';
import { schedule } from '../../time/schedule.ts';
import type { UnitOfWork } from '../../unit-of-work.ts';

/** Asks whether a step may be done: its approver; or, if that one is gone, or was asked before, who comes next. */
export function askApproval(run: Run, step: Step): void {
  const { unit } = run;
  const { approval } = run.specOf(step);
  if (!approval) return;
  const { by, escalate_to: next } = approval;
  const approver = (step.approval === '' ? unit.boxNamed(by) : undefined) ?? unit.boxNamed(next ?? '');
  if (!approver) return run.finish(step, 'fail', { error: `agent "${next ?? by}", who had to approve it, is gone` });
  const message = systemMessage(unit, {
    id: unit.ctx.newUuidV7().toString(),
    target: approver.name,
    type: 'approval_request',
    priority: run.specOf(step).priority ?? run.definition.priority,
    headers: run.definition.headers,
    payload:
      `{"approval":{"workflow_id":"${step.workflow}","step":${JSON.stringify(step.name)},"action":${JSON.stringify(step.action)},` +
      `"requirements":${step.requirements},${inputsOf(run, step)}}}`,
    step: step.id,
  });
  const within = approval.timeout_ms;
  const dueAt = within === undefined ? 0n : unit.now + BigInt(within) * 1000n;
  run.go(step, 'hold', { approval: 'asked', approver: approver.agent, message: message.id, dueAt });
  if (within !== undefined) schedule(unit, dueAt, 'approval', step.id, message.id);
  post(unit, message, [approver]);
  run.tell('step_approval_requested', { step: step.name, agent: approver.name });
}

/** Nobody has answered in time: the next is asked, or the step has failed. */
export function escalate(unit: UnitOfWork, id: bigint, message: string): void {
  withStep(unit, id, (run, step) => {
    if (!isAsked(step, message)) return;
    const within = run.specOf(step).approval?.timeout_ms;
    askNext(run, step, `nobody approved it within ${within} ms`);
  });
}

/** The question is a dead letter: whoever was asked may be gone, which the next slot shows. */
export function questionDied(unit: UnitOfWork, message: Message): void {
  schedule(unit, unit.now, 'approver', message.step, message.id);
}

/** Looks after a question that is a dead letter: if its approver is gone, the next is asked; if not, everybody is told. */
export function lookForApprover(unit: UnitOfWork, id: bigint, message: string): void {
  withStep(unit, id, (run, step) => {
    if (!isAsked(step, message)) return;
    const approver = unit.box(step.approver);
    if (!approver) return askNext(run, step, 'whoever had to approve it is gone');
    const about = { workflow_id: step.workflow, step: step.name, agent: approver.name };
    appendSystemEvent(unit, 'system_alert', { alert: 'approval_unheard', ...about });
  });
}

function isAsked(step: Step, message: string): boolean {
  return step.state === 'ready' && step.approval === 'asked' && step.message === message;
}

/** Whoever was asked is asked no more: the next is, or the step has failed. */
function askNext(run: Run, step: Step, error: string): void {
  const { unit } = run;
  takeBack(unit, step, error);
  const next = unit.boxNamed(run.specOf(step).approval?.escalate_to ?? '');
  if (next && next.agent !== step.approver) askApproval(run, step);
  else run.finish(step, 'fail', { error });
}

/** Whoever is asked (or an operator) says yes or no. Saying yes to what is approved does nothing. */
export function decide(unit: UnitOfWork, workflow: string, name: string, isApproved: boolean, comment: string): void {
  const run = Run.find(unit, workflow);
  const step = run?.steps().find(each => each.name === name);
  const approver = step && unit.box(step.approver);
  const isApprover = approver !== undefined && isSame(approver.owner, unit.ctx.sender);
  const isSteering = isOperator(unit.ctx.db, unit.ctx.sender);
  if (!run || !step || !(isApprover || isSteering)) {
    refuse(
      'workflow/no-approval',
      `you are not asked to approve a step "${name.slice(0, 64)}" of ${workflow.slice(0, 64)}`,
    );
  }
  if (isApproved && step.approval === 'approved') return;
  if (step.approval !== 'asked' || !concernsStep(stateOf(step), 'approve')) {
    refuse('workflow/no-approval', `step "${step.name}" is ${step.state}; nobody is asked to approve it now`);
  }
  const by = isApprover ? approver.name : 'an operator';
  takeBack(unit, step, `${by} has answered`);
  if (isApproved) run.approved(step, JSON.stringify({ approved: true, by, comment }));
  else run.finish(step, 'fail', { error: `rejected by ${by}${comment === '' ? '' : `: ${comment}`}` });
  Run.saveAll(unit);
}

/** The question need not be answered any more. */
export function takeBack(unit: UnitOfWork, step: Step, reason: string): void {
  const message = step.approval === 'asked' ? unit.ctx.db.message.id.find(step.message) : undefined;
  if (message) cancelMessage(unit, message, reason);
}
