// How an entry point runs: checks the caller, makes the unit of work, and saves it.

import { requireAdmitted, requireOperator } from '../access.ts';
import { type Details, recordAct } from '../event/record-act.ts';
import type { TaskOwner } from '../message/task-owner.ts';
import type { Ctx } from '../schema.ts';
import { UnitOfWork } from '../unit-of-work.ts';
import { questionDied } from '../workflow/approvals.ts';
import { endStep, isTriedByStep } from '../workflow/step-triggers.ts';

const WORKFLOWS: TaskOwner = { ended: endStep, ownsRetries: isTriedByStep, questionDied };

/** Runs a call of a caller that the hub admits. */
export function asMember(ctx: Ctx, work: (unit: UnitOfWork) => void): void {
  withUnitOfWork(ctx, unit => {
    requireAdmitted(ctx, unit.hub);
    work(unit);
  });
}

/** Runs a call of an operator. `work` returns the details of its audit event, or undefined if it changed nothing. */
export function asOperator(ctx: Ctx, action: string, work: (unit: UnitOfWork) => Details | undefined): void {
  requireOperator(ctx);
  withUnitOfWork(ctx, unit => {
    const details = work(unit);
    if (details) recordAct(unit, action, details);
  });
}

/** Runs a call of the hub itself, or one that any caller may make, and writes what it changed. */
export function withUnitOfWork(ctx: Ctx, work: (unit: UnitOfWork) => void): void {
  const unit = new UnitOfWork(ctx, WORKFLOWS);
  work(unit);
  unit.save();
}
