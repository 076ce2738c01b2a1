// A workflow that has ended is kept for a time, and then goes: its steps first, a chunk a call.

import { byteLength } from '../text.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { bytesOfStep, stepAt } from './step.ts';

const CHUNK = 100;
/** Outputs may be long: a chunk is over when this much was read. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** A kept workflow is looked at this often at least, so that keeping it shorter counts for those that have ended already. */
const LOOK_MICROS = 86_400_000_000n;

/** A workflow has ended: it is forgotten when its time comes. */
export function keepEnded(unit: UnitOfWork, workflow: string): void {
  lookLater(unit, workflow, unit.now);
}

/** Deletes a chunk of the steps of a workflow that was kept long enough, from a position on; with the last, all of it. */
export function forgetWorkflow(unit: UnitOfWork, workflow: string, from: bigint): void {
  const { db } = unit.ctx;
  const state = db.workflowState.id.find(workflow);
  if (!state || state.endedAt === 0n) return;
  if (state.endedAt + unit.hub.keepWorkflowsMs * 1000n > unit.now) return lookLater(unit, workflow, state.endedAt);
  const end = Math.min(Number(from) + CHUNK, state.total);
  let next = Number(from);
  for (let bytes = 0; next < end && bytes < CHUNK_BYTES; next++) {
    const step = stepAt(db, workflow, next);
    if (!step) continue;
    bytes += bytesOfStep(step);
    db.step.id.delete(step.id);
    unit.addBytes(-bytesOfStep(step));
  }
  if (next < state.total) return schedule(unit, unit.now, 'workflow', BigInt(next), workflow);
  db.workflowWatch.workflow.delete(workflow); // at most 16
  db.workflowState.id.delete(workflow);
  unit.addBytes(-byteLength(db.workflow.id.find(workflow)?.definition ?? ''));
  db.workflow.id.delete(workflow);
}

function lookLater(unit: UnitOfWork, workflow: string, endedAt: bigint): void {
  const end = endedAt + unit.hub.keepWorkflowsMs * 1000n;
  const next = unit.now + LOOK_MICROS;
  schedule(unit, end < next ? end : next, 'workflow', 0n, workflow);
}
