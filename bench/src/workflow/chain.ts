// The measured workflow: three agents, each with the output of the step before, as in a documentation workflow.

import { z } from 'zod';
import { numberedPayload } from '../message.ts';

/** The steps in order, with their agents. */
export const STEPS = [
  { agent: 'DocSystemAgent', action: 'create_initial_docs' },
  { agent: 'ReviewAgent', action: 'technical_review' },
  { agent: 'QualityAgent', action: 'quality_assessment' },
] as const;

/** The name of a step. */
export type StepName = (typeof STEPS)[number]['action'];

/** The output of a step: 275 bytes and its name. */
export type Output = ReturnType<typeof outputOf>;

const Requirements = z.object({ n: z.number().int() });

/** Workflow number `n`: each step waits for the one before it. */
export function chain(n: number) {
  return {
    workflow_type: 'documentation_creation',
    participants: STEPS.map(({ agent }) => agent),
    steps: STEPS.map(({ agent, action }, at) => {
      const before = STEPS[at - 1];
      const requirements = { n, document_type: 'api', include_examples: true };
      return { agent, action, requirements, ...(before && { depends_on: [before.action] }) };
    }),
  };
}

/** Returns the number of the workflow of a step with these requirements. */
export function numberOfStep(requirements: unknown): number {
  return Requirements.parse(requirements).n;
}

/** Returns the output of a step of workflow `n`. */
export function outputOf(n: number, step: StepName) {
  return { step, ...numberedPayload(n) };
}

/** Returns the input of a step of workflow `n`: only the output of the step before it. */
export function inputsOf(n: number, step: StepName): Readonly<Record<string, Output>> {
  const before = STEPS[STEPS.findIndex(({ action }) => action === step) - 1];
  return before ? { [before.action]: outputOf(n, before.action) } : {};
}
