// A step that is a workflow: it ends as that workflow does, and its output is the outputs of the inner steps.

import { LIMITS } from '../../contract/limits.ts';
import type { StepInputs } from '../../contract/wire.ts';
import type { Answer } from '../../message/answer.ts';
import { createWorkflow } from '../create.ts';
import { checkDefinition, sentenceOf } from '../check.ts';
import { inputTexts, objectText } from '../payload.ts';
import { Run } from '../run.ts';
import { outputLength, specOf, type Step } from '../step.ts';
import type { Db } from '../wait.ts';
import type { Progress, StepKind } from './kind.ts';

export const nested: StepKind = {
  appliesTo: (_, { workflow }) => workflow !== undefined,
  begins: beginNested,
  waitsFor: (_, step) => ({ waitsFor: 'workflow', whom: [step.message], until: 0n }),
  inner: (run, step) => (run.specOf(step).workflow ? Run.find(run.unit, step.message) : undefined),
};

/** The id of the workflow that a step is; empty before it has begun. */
export function innerIdOf(db: Db, step: Step): string {
  // The message of a step that waits for its approval is the request.
  return step.tries > 0 && step.message !== '' && specOf(db, step).workflow ? step.message : '';
}

function beginNested(progress: Progress, run: Run, step: Step): void {
  const { unit } = run;
  const spec = run.specOf(step);
  const definition = JSON.stringify(spec.workflow);
  // Checked with the outer workflow. An agent that unregistered since then fails only its own step.
  const checked = checkDefinition(definition, { isAgent: () => true, isCapability: () => true });
  if (!checked.ok) throw new Error(`a nested workflow has faults: ${sentenceOf(checked.faults)}`);
  const id = unit.ctx.newUuidV7().toString();
  if (!run.startAttempt(step, id)) return;
  const { initiator } = run.definition;
  const inputs = objectText<StepInputs>(inputTexts(run, step));
  progress.release(
    createWorkflow(unit, {
      id,
      initiator,
      definition,
      plan: checked.plan,
      ids: spec.ids ?? {},
      parentStep: step.id,
      inputs,
    }),
  );
}

/** The result of an inner workflow that has ended, as the answer to the step that it is. */
export function answerOf(inner: Run): Answer {
  const { reason, id } = inner.state;
  const { status } = inner;
  if (status !== 'succeeded') {
    // A caller that cancelled it does not want a retry.
    return { status: 'error', error: reason || `workflow ${id} was ${status}`, isPermanent: status === 'cancelled' };
  }
  // At most a thousand rows, and outputs of `inputsLength` characters.
  const steps = [...inner.planned()].filter(step => step.state === 'succeeded');
  const length = steps.reduce((sum, step) => sum + step.name.length + outputLength(step) + 4, 2);
  if (length > LIMITS.inputsLength) {
    const error = `its results are ${length} characters; ${LIMITS.inputsLength} are allowed`;
    return { status: 'error', error, isPermanent: true };
  }
  const members = steps.map(step => `${JSON.stringify(step.name)}:${inner.outputOf(step) || 'null'}`);
  return { status: 'success', data: `{${members.join(',')}}` };
}
