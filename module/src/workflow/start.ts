// Starts a workflow, as a reducer and as an act.

import { UUID_V7 } from '../contract/words.ts';
import { isSameDefinition } from '../message/trace.ts';
import { refuseOverflow } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { byteLength, isLongerThan } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { begin, planOf } from './begin.ts';
import { Run } from './run.ts';
import { watch } from './watch.ts';

/** A definition may be this long: a thousand steps with requirements of a kilobyte. */
const DEFINITION_BYTES = 1024 * 1024;

/** What is started, by which agent of the caller; the definition is JSON. */
export interface Start {
  readonly id: string;
  readonly agent: bigint;
  readonly definition: string;
}

/** Checks a definition, names every fault, and starts it. The same again is accepted and does nothing. */
export function start(unit: UnitOfWork, { id, agent, definition }: Start): void {
  if (!UUID_V7.test(id)) refuse('workflow/bad-id', `"${id.slice(0, 64)}" is not a UUIDv7 in lower case`);
  if (isLongerThan(definition, DEFINITION_BYTES)) refuse('workflow/bad-definition', 'the definition is over 1 MiB');
  unit.own(agent);
  const earlier = unit.ctx.db.workflow.id.find(id);
  if (earlier) {
    if (earlier.initiator === agent && isSameDefinition(earlier.definition, definition)) return;
    refuse('workflow/id-reused', `${id} was used for another workflow; start under a new id`);
  }
  const plan = planOf(unit, definition);
  refuseOverflow(unit, byteLength(definition));
  begin(unit, { id, initiator: agent, definition, plan, parentStep: 0n, inputs: '' }).release();
  Run.saveAll(unit);
  watch(unit, id);
}
