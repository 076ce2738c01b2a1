// Somebody has to agree before a step is given out. Who is asked gets an ordinary message; nothing waits in memory.

import { isOperator, isSame } from '../../access.ts';
import type { Desk } from '../../unit-of-work.ts';
import { appendSystemEvent } from '../../event/append.ts';
import { post, systemMessage } from '../../message/accept.ts';
import { cancelMessage } from '../../message/cancel.ts';
import type { Message } from '../../message/envelope.ts';
import { refuse } from '../../refuse.ts';
import { remember } from '../../time/schedule.ts';
import { inputsOf } from '../assignment.ts';
import { withStep } from '../step-triggers.ts';
import { concernsStep } from '../moves.ts';
import { Run } from '../run.ts';
import { stateOf, type Step } from '../step.ts';

/** Asks whether a step may be done: its approver; or, if that one is gone, or was asked before, who comes next. */
export function askApproval(run: Run, step: Step): void {
  const { desk } = run;
  const { approval } = run.specOf(step);
  if (!approval) return;
  const { by, escalate_to: next } = approval;
  const approver = (step.approval === '' ? desk.boxNamed(by) : undefined) ?? desk.boxNamed(next ?? '');
  if (!approver) return run.finish(step, 'fail', { error: `agent "${next ?? by}", who had to approve it, is gone` });
  const message = systemMessage(desk, {
    id: desk.ctx.newUuidV7().toString(),
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
  const dueAt = within === undefined ? 0n : desk.now + BigInt(within) * 1000n;
  run.go(step, 'hold', { approval: 'asked', approver: approver.agent, message: message.id, dueAt });
  if (within !== undefined) remember(desk, dueAt, 'approval', step.id, message.id);
  post(desk, message, [approver]);
  run.tell('step_approval_requested', { step: step.name, agent: approver.name });
}

/** Nobody has answered in time: the next is asked, or the step has failed. */
export function escalate(desk: Desk, id: bigint, message: string): void {
  withStep(desk, id, (run, step) => {
    if (!isAsked(step, message)) return;
    const within = run.specOf(step).approval?.timeout_ms;
    askNext(run, step, `nobody approved it within ${within} ms`);
  });
}

/** The question is a dead letter: whoever was asked may be gone, which the next slot shows. */
export function questionDied(desk: Desk, message: Message): void {
  remember(desk, desk.now, 'approver', message.step, message.id);
}

/** Looks after a question that is a dead letter: if its approver is gone, the next is asked; if not, everybody is told. */
export function lookForApprover(desk: Desk, id: bigint, message: string): void {
  withStep(desk, id, (run, step) => {
    if (!isAsked(step, message)) return;
    const approver = desk.box(step.approver);
    if (!approver) return askNext(run, step, 'whoever had to approve it is gone');
    const about = { workflow_id: step.workflow, step: step.name, agent: approver.name };
    appendSystemEvent(desk, 'system_alert', { alert: 'approval_unheard', ...about });
  });
}

function isAsked(step: Step, message: string): boolean {
  return step.state === 'ready' && step.approval === 'asked' && step.message === message;
}

/** Whoever was asked is asked no more: the next is, or the step has failed. */
function askNext(run: Run, step: Step, error: string): void {
  const { desk } = run;
  takeBack(desk, step, error);
  const next = desk.boxNamed(run.specOf(step).approval?.escalate_to ?? '');
  if (next && next.agent !== step.approver) askApproval(run, step);
  else run.finish(step, 'fail', { error });
}

/** Whoever is asked (or an operator) says yes or no. Saying yes to what is approved does nothing. */
export function decide(desk: Desk, workflow: string, name: string, isApproved: boolean, comment: string): void {
  const run = Run.find(desk, workflow);
  const step = run?.steps().find(each => each.name === name);
  const approver = step && desk.box(step.approver);
  const isApprover = approver !== undefined && isSame(approver.owner, desk.ctx.sender);
  const isSteering = isOperator(desk.ctx.db, desk.ctx.sender);
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
  takeBack(desk, step, `${by} has answered`);
  if (isApproved) run.approved(step, JSON.stringify({ approved: true, by, comment }));
  else run.finish(step, 'fail', { error: `rejected by ${by}${comment === '' ? '' : `: ${comment}`}` });
  Run.saveAll(desk);
}

/** The question need not be answered any more. */
export function takeBack(desk: Desk, step: Step, reason: string): void {
  const message = step.approval === 'asked' ? desk.ctx.db.message.id.find(step.message) : undefined;
  if (message) cancelMessage(desk, message, reason);
}
