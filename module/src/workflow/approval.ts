// Somebody has to agree before a step is given out. Who is asked gets an ordinary message; nothing waits in memory.

import { isOperator, isSame } from '../access.ts';
import type { Desk } from '../desk.ts';
import { post, systemMessage } from '../message/accept.ts';
import { cancelMessage } from '../message/cancel.ts';
import { refuse } from '../refuse.ts';
import { remember } from '../time/due.ts';
import { inputsOf } from './assignment.ts';
import { Run, type Step } from './run.ts';

/** Asks whether a step may be done: its approver, or, when that one said nothing in time, who comes next. */
export function askApproval(run: Run, step: Step, by: string): void {
  const { desk } = run;
  const { approval } = run.specOf(step);
  const approver = desk.boxNamed(by);
  if (!approver) return run.finish(step, 'failed', { error: `agent "${by}", who had to approve it, is gone` });
  const message = systemMessage(desk, {
    id: desk.ctx.newUuidV7().toString(),
    target: approver.name,
    type: 'approval_request',
    priority: run.specOf(step).priority ?? run.definition.priority,
    headers: run.definition.headers,
    payload:
      `{"approval":{"workflow_id":"${step.workflow}","step":${JSON.stringify(step.name)},"action":${JSON.stringify(step.action)},` +
      `"requirements":${step.requirements},${inputsOf(run, step)}}}`,
  });
  run.change(step, { state: 'ready', approval: 'asked', approver: approver.agent, message: message.id });
  const within = approval?.timeout_ms;
  if (within !== undefined) remember(desk, desk.now + BigInt(within) * 1000n, 'approval', step.id, message.id);
  post(desk, message, [approver]);
  run.tell('step_approval_requested', { step: step.name, agent: approver.name });
}

/** Nobody has answered in time: the next is asked, or the step has failed. */
export function escalate(desk: Desk, id: bigint, message: string): void {
  const row = desk.ctx.db.step.id.find(id);
  const run = row && Run.find(desk, row.workflow);
  const step = run?.step(row?.position ?? -1);
  if (!run || !step || run.hasEnded || step.approval !== 'asked' || step.message !== message) return;
  const { approval } = run.specOf(step);
  const asked = desk.box(step.approver)?.name;
  takeBack(desk, step, 'the time to answer is over');
  const next = approval?.escalate_to;
  if (next !== undefined && next !== asked) askApproval(run, step, next);
  else run.finish(step, 'failed', { error: `nobody approved it within ${approval?.timeout_ms} ms` });
  Run.saveAll(desk);
}

/** Whoever is asked (or an operator) says yes or no. Saying yes to what is approved does nothing. */
export function decide(desk: Desk, workflow: string, name: string, isApproved: boolean, comment: string): void {
  const run = Run.find(desk, workflow);
  const step = run?.steps().find(each => each.name === name);
  const approver = step && desk.box(step.approver);
  const isAsked = approver !== undefined && isSame(approver.owner, desk.ctx.sender);
  const isSteering = isOperator(desk.ctx.db, desk.ctx.sender);
  if (!run || !step || !(isAsked || isSteering)) {
    refuse(
      'workflow/no-approval',
      `you are not asked to approve a step "${name.slice(0, 64)}" of ${workflow.slice(0, 64)}`,
    );
  }
  if (isApproved && step.approval === 'approved') return;
  if (step.approval !== 'asked') {
    refuse('workflow/no-approval', `step "${step.name}" is ${step.state}; nobody is asked to approve it now`);
  }
  const by = isAsked ? approver.name : 'an operator';
  takeBack(desk, step, `${by} has answered`);
  if (!isApproved) run.finish(step, 'failed', { error: `rejected by ${by}${comment === '' ? '' : `: ${comment}`}` });
  else {
    run.change(step, { approval: 'approved', message: '' });
    run.approved(step, JSON.stringify({ approved: true, by, comment }));
  }
  Run.saveAll(desk);
}

/** The question need not be answered any more. */
export function takeBack(desk: Desk, step: Step, reason: string): void {
  const message = step.approval === 'asked' ? desk.ctx.db.message.id.find(step.message) : undefined;
  if (message) cancelMessage(desk, message, reason);
}
