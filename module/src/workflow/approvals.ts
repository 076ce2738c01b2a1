// Decisions, time limits and lost requests of approvals.

import { isOperator, isSame } from '../access.ts';
import { appendSystemEvent } from '../event/append.ts';
import type { Message } from '../message/envelope.ts';
import type { Trigger } from '../message/rules.ts';
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

/** Marks the timer of a request that its approver has failed. */
const FAILED = ' failed';

/**
 * The delivery of a request has ended. A request that its approver has acknowledged stays open, since a person may decide later;
 * one that the approver failed is put to the next approver.
 */
export function requestEnded(unit: UnitOfWork, message: Message, trigger: Trigger): void {
  if (trigger !== 'finish') {
    const how = trigger === 'fail' ? FAILED : '';
    return schedule(unit, unit.now, 'approver', message.step, message.id + how, message.sender);
  }
  const step = unit.ctx.db.step.id.find(message.step);
  if (step && isRequestedBy(step, message.id)) rememberSeen(unit, step);
}

/** Timer: a request was failed or is a dead letter. Asks the next approver, unless the first one is only absent: that is an alert. */
export function checkApprover(unit: UnitOfWork, id: bigint, text: string): void {
  const isFailed = text.endsWith(FAILED);
  const message = isFailed ? text.slice(0, -FAILED.length) : text;
  withStep(unit, id, (run, step) => {
    if (!isRequestedBy(step, message)) return;
    const approver = unit.box(step.approver);
    if (!approver) return askNextApprover(run, step, 'its approver is unregistered');
    const [delivery] = unit.ctx.db.message.id.find(message)?.deliveries ?? [];
    if (isFailed) {
      const reason = delivery === undefined ? '' : (unit.ctx.db.ended.id.find(delivery)?.reason ?? '');
      return askNextApprover(run, step, `"${approver.name}" failed the request: ${reason}`);
    }
    rememberSeen(unit, step);
    const about = { workflow_id: step.workflow, step: step.name, agent: approver.name };
    appendSystemEvent(unit, run.definition.initiator, 'system_alert', { alert: 'approval_unheard', ...about });
  });
}

/** Buckets of the seen requests of an approver: one look-up reads one bucket. */
const BUCKETS = 256n;

/** Records an open request that has no delivery any more, so that it is found if its approver is unregistered. */
function rememberSeen(unit: UnitOfWork, { id, approver, message }: Step): void {
  const { seenRequest } = unit.ctx.db;
  const row = { step: id, approver, bucket: Number(id % BUCKETS), message };
  if (seenRequest.step.find(id)) seenRequest.step.update(row);
  else seenRequest.insert(row);
}

/** An agent was unregistered: a timer asks the next approvers of the requests that it had seen. */
export function approverLeft(unit: UnitOfWork, agent: bigint): void {
  schedule(unit, unit.now, 'approver-left', agent, '0');
}

/** Timer: asks the next approvers. Bound: `rowsPerCall`, and the requests of one bucket. */
export function askForLeft(unit: UnitOfWork, agent: bigint, from: string): void {
  const { seenRequest } = unit.ctx.db;
  for (let bucket = Number(from); bucket < Number(BUCKETS); bucket++) {
    if (unit.isSpent) return schedule(unit, unit.now, 'approver-left', agent, String(bucket));
    for (const { step, message } of [...seenRequest.byApprover.filter([agent, bucket])]) {
      seenRequest.step.delete(step);
      checkApprover(unit, step, message);
    }
  }
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
