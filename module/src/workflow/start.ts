// Starts a workflow: for the reducer `startWorkflow` and the act `StartWorkflow`.

import { checkId } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { charge } from '../quota/charge.ts';
import { isSameDefinition } from '../trace.ts';
import { refuse } from '../refuse.ts';
import { byteLength, isDeeperThan, isLongerThan } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { createWorkflow, planOf } from './create.ts';
import { release } from './progress.ts';
import { Run } from './run.ts';
import { watchIfFree } from './watch.ts';

/** Room for a thousand steps with requirements of a kilobyte. */
const MAX_DEFINITION_BYTES = 1024 * 1024;

/** A workflow to start by an agent of the caller; `definition` is JSON. */
export interface Start {
  readonly id: string;
  readonly agent: bigint;
  readonly definition: string;
}

/**
 * Checks a definition and starts the workflow; the caller follows it, if it has a free place. Idempotent by id; refuses another
 * definition under one. Bound: one row for each step of the definition, which the caller sends, and those of `progress.ts`.
 */
export function start(unit: UnitOfWork, { id, agent, definition }: Start): void {
  checkId(unit, id, 'workflow');
  if (isLongerThan(definition, MAX_DEFINITION_BYTES)) refuse('workflow/bad-definition', 'the definition is over 1 MiB');
  if (isDeeperThan(definition, LIMITS.jsonDepth)) {
    refuse('workflow/bad-definition', `the definition is nested deeper than ${LIMITS.jsonDepth} levels`);
  }
  const starter = unit.own(agent);
  const earlier = unit.ctx.db.workflow.id.find(id);
  if (earlier) {
    if (earlier.initiator === agent && earlier.forkOf === '' && isSameDefinition(earlier.definition, definition))
      return;
    refuse('workflow/id-reused', `${id} was used for another workflow; start under a new id`);
  }
  const plan = planOf(unit, definition);
  charge(unit, starter, { deliveries: 0, fanOut: 0, bytes: byteLength(definition) });
  release(createWorkflow(unit, { id, initiator: agent, definition, plan, parentStep: 0n, inputs: '' }));
  Run.saveAll(unit);
  watchIfFree(unit, id, agent);
}
