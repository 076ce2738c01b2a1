// Frame of all entry points that write: checks the caller, creates the unit of work, and saves it.

import { requireAdmitted, requireOperator } from '../access.ts';
import { type Details, recordAct } from '../event/append.ts';
import type { TaskOwner } from '../message/task-owner.ts';
import type { Ctx } from '../schema.ts';
import { UnitOfWork } from '../unit-of-work.ts';
import { approverLeft, requestEnded } from '../workflow/approvals.ts';
import { endStep, isTriedByStep } from '../workflow/step-triggers.ts';

/** The workflow engine, as `message/` calls it. */
const TASK_OWNER: TaskOwner = {
  ended: endStep,
  ownsRetries: isTriedByStep,
  approvalRequestEnded: requestEnded,
  agentLeft: approverLeft,
};

/** Runs a call of a caller that the hub admits; refuses others. */
export function asMember(ctx: Ctx, work: (unit: UnitOfWork) => void): void {
  withUnitOfWork(ctx, unit => {
    requireAdmitted(ctx, unit.hub);
    work(unit);
  });
}

/** Runs a call of an operator; refuses others. `work` returns the details of its audit event, or undefined if it changed nothing. */
export function asOperator(ctx: Ctx, action: string, work: (unit: UnitOfWork) => Details | undefined): void {
  requireOperator(ctx);
  withUnitOfWork(ctx, unit => {
    const details = work(unit);
    if (details) recordAct(unit, action, details);
  });
}

/** Runs a call without a check of its caller, and writes its changes. */
export function withUnitOfWork(ctx: Ctx, work: (unit: UnitOfWork) => void): void {
  const unit = new UnitOfWork(ctx, TASK_OWNER);
  work(unit);
  unit.save();
}
