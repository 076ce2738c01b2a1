// A step that is a workflow: it ends as that workflow does, and its output is the outputs of the inner steps.

import { LIMITS } from '../../contract/limits.ts';
import type { StepInputs } from '../../contract/wire.ts';
import type { Answer } from '../../message/answer.ts';
import { createWorkflow } from '../create.ts';
import { checkDefinition, sentenceOf } from '../check.ts';
import { inputTexts, objectText } from '../payload.ts';
import { Run } from '../run.ts';
import { specOf, type Step } from '../step.ts';
import type { Progress, StepKind } from './kind.ts';

export const nested: StepKind = {
  appliesTo: (_, { workflow }) => workflow !== undefined,
  begins: beginNested,
  waitsFor: (_, step) => ({ waitsFor: 'workflow', whom: [step.message], until: 0n }),
  inner: (run, step) => (run.specOf(step).workflow ? Run.find(run.unit, step.message) : undefined),
};

/** The id of the workflow that a step is; empty before it has begun. */
export function innerIdOf(step: Step): string {
  return step.message !== '' && specOf(step).workflow ? step.message : '';
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

/** The result of an inner workflow, as the answer to the step that it is. */
export function answerOf(inner: Run): Answer {
  const { reason, id } = inner.state;
  const { status } = inner;
  if (status !== 'succeeded') {
    // A caller that cancelled it does not want a retry.
    return { status: 'error', error: reason || `workflow ${id} was ${status}`, isPermanent: status === 'cancelled' };
  }
  const members = inner
    .steps()
    .filter(step => step.state === 'succeeded' && step.parent === 0)
    .map(step => `${JSON.stringify(step.name)}:${step.output || 'null'}`);
  const data = `{${members.join(',')}}`;
  if (data.length <= LIMITS.inputsLength) return { status: 'success', data };
  const error = `its results are ${data.length} characters; ${LIMITS.inputsLength} are allowed`;
  return { status: 'error', error, isPermanent: true };
}
