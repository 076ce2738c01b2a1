// Retention of ended workflows: deleted in chunks, one a call, steps first.

import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import { toMicros } from '../micros.ts';
import type { Ctx } from '../schema.ts';
import { byteLength } from '../text.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { bytesOfStep, stepAt } from './step.ts';

type Workflow = NonNullable<ReturnType<Ctx['db']['workflow']['id']['find']>>;

const CHUNK = 100;
/** A chunk also ends after this many bytes, since outputs may be long. */
const MAX_CHUNK_BYTES = 4 * 1024 * 1024;
/** Longest time between checks, so that a shorter retention applies to workflows that have ended already. */
const CHECK_MICROS = 86_400_000_000n;

/** Schedules the deletion of a workflow that has ended now. */
export function keepEnded(unit: UnitOfWork, workflow: Pick<Workflow, 'id' | 'initiator'>): void {
  checkLater(unit, workflow, unit.now);
}

/** The bytes that a workflow counts, besides its steps. */
export function bytesOfWorkflow({
  definition,
  inputs,
  headers,
}: Pick<Workflow, 'definition' | 'inputs' | 'headers'>): number {
  return ROW_BYTES.workflow + byteLength(definition) + byteLength(inputs) + byteLength(headers);
}

/** Timer: deletes the next chunk of steps of a workflow past its retention, from a position on; after the last, the workflow. */
export function forgetWorkflow(unit: UnitOfWork, workflow: string, from: bigint): void {
  const { db } = unit.ctx;
  const state = db.workflowState.id.find(workflow);
  const row = db.workflow.id.find(workflow);
  if (!state || !row || state.endedAt === 0n) return;
  if (state.endedAt + keepMicros(unit) > unit.now) return checkLater(unit, row, state.endedAt);
  // A nested workflow may have to be undone until the outer one ends.
  const outer = db.step.id.find(row.parentStep)?.workflow ?? '';
  if (db.workflowState.id.find(outer)?.endedAt === 0n) return checkLater(unit, row, unit.now);
  const end = Math.min(Number(from) + CHUNK, state.total);
  let next = Number(from);
  for (let bytes = 0; next < end && bytes < MAX_CHUNK_BYTES; next++) {
    const step = stepAt(db, workflow, next);
    if (!step) continue;
    bytes += bytesOfStep(step);
    db.step.id.delete(step.id);
    if (step.outputBytes > 0) db.stepOutput.step.delete(step.id);
    unit.addBytes(row.initiator, -bytesOfStep(step));
  }
  if (next < state.total) return schedule(unit, unit.now, 'workflow', BigInt(next), workflow, row.initiator);
  const watches = db.workflowWatch.workflow.delete(workflow); // at most 16
  db.workflowState.id.delete(workflow);
  unit.addBytes(row.initiator, -watches * ROW_BYTES.watch - bytesOfWorkflow(row));
  db.workflow.id.delete(workflow);
}

function checkLater(unit: UnitOfWork, { id, initiator }: Pick<Workflow, 'id' | 'initiator'>, endedAt: bigint): void {
  const end = endedAt + keepMicros(unit);
  const next = unit.now + CHECK_MICROS;
  schedule(unit, end < next ? end : next, 'workflow', 0n, id, initiator);
}

/** An id may be `clockSkewMs` ahead, so that a workflow is kept that much longer: its id must not become free while it is accepted. */
function keepMicros(unit: UnitOfWork): bigint {
  return toMicros(unit.hub.keepWorkflowsMs + BigInt(LIMITS.clockSkewMs));
}
