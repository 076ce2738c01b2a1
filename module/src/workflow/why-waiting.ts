// Why a step has not ended.

import { kindOf } from './kinds.ts';
import { specOf, type Step, stepAt } from './step.ts';
import { type Db, type Wait, waitOfDelivery } from './wait.ts';

/** What a step waits for; undefined for one that has ended and is not being undone. */
export function waitOf(db: Db, step: Step, isPaused: boolean, now: bigint): Wait | undefined {
  if (step.endedAt > 0n) return step.undo === 'running' ? waitOfDelivery(db, step, step.undoMessage) : undefined;
  if (step.state === 'pending') {
    const dependencies = step.dependencies.flatMap(at => stepAt(db, step.workflow, at) ?? []);
    const whom = dependencies.filter(each => each.endedAt === 0n).map(each => each.name);
    return { waitsFor: 'steps', whom, until: 0n };
  }
  if (step.state === 'ready' && step.approval !== 'asked') {
    if (isPaused && step.dueAt <= now) return { waitsFor: 'resume', whom: [], until: 0n };
    if (step.dueAt === 0n) return { waitsFor: 'limit', whom: [], until: 0n };
    return { waitsFor: 'time', whom: [], until: step.dueAt };
  }
  return kindOf(step, specOf(db, step))?.waitsFor(db, step);
}
