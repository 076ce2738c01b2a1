// Retention of ended workflows: deleted in chunks, one a call, steps first.

import { LIMITS } from '../contract/limits.ts';
import { toMicros } from '../micros.ts';
import { byteLength } from '../text.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { bytesOfStep, stepAt } from './step.ts';

const CHUNK = 100;
/** A chunk also ends after this many bytes, since outputs may be long. */
const MAX_CHUNK_BYTES = 4 * 1024 * 1024;
/** Longest time between checks, so that a shorter retention applies to workflows that have ended already. */
const CHECK_MICROS = 86_400_000_000n;

/** Schedules the deletion of a workflow that has ended now. */
export function keepEnded(unit: UnitOfWork, workflow: string): void {
  checkLater(unit, workflow, unit.now);
}

/** Timer: deletes the next chunk of steps of a workflow past its retention, from a position on; after the last, the workflow. */
export function forgetWorkflow(unit: UnitOfWork, workflow: string, from: bigint): void {
  const { db } = unit.ctx;
  const state = db.workflowState.id.find(workflow);
  if (!state || state.endedAt === 0n) return;
  if (state.endedAt + keepMicros(unit) > unit.now) return checkLater(unit, workflow, state.endedAt);
  // A nested workflow may have to be undone until the outer one ends.
  const outer = db.step.id.find(db.workflow.id.find(workflow)?.parentStep ?? 0n)?.workflow ?? '';
  if (db.workflowState.id.find(outer)?.endedAt === 0n) return checkLater(unit, workflow, unit.now);
  const end = Math.min(Number(from) + CHUNK, state.total);
  let next = Number(from);
  for (let bytes = 0; next < end && bytes < MAX_CHUNK_BYTES; next++) {
    const step = stepAt(db, workflow, next);
    if (!step) continue;
    bytes += bytesOfStep(step);
    db.step.id.delete(step.id);
    if (step.outputBytes > 0) db.stepOutput.step.delete(step.id);
    unit.addBytes(-bytesOfStep(step));
  }
  if (next < state.total) return schedule(unit, unit.now, 'workflow', BigInt(next), workflow);
  db.workflowWatch.workflow.delete(workflow); // at most 16
  db.workflowState.id.delete(workflow);
  unit.addBytes(-byteLength(db.workflow.id.find(workflow)?.definition ?? ''));
  db.workflow.id.delete(workflow);
}

function checkLater(unit: UnitOfWork, workflow: string, endedAt: bigint): void {
  const end = endedAt + keepMicros(unit);
  const next = unit.now + CHECK_MICROS;
  schedule(unit, end < next ? end : next, 'workflow', 0n, workflow);
}

/** An id may be `clockSkewMs` ahead, so that a workflow is kept that much longer: its id must not become free while it is accepted. */
function keepMicros(unit: UnitOfWork): bigint {
  return toMicros(unit.hub.keepWorkflowsMs + BigInt(LIMITS.clockSkewMs));
}
