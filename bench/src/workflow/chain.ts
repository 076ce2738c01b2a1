// The workflow that is measured: three agents, each with what the one before it has made, as in a documentation workflow.

import { z } from 'zod';
import { numberedPayload } from '../message.ts';

/** The steps in order, and who does them. */
export const STEPS = [
  { agent: 'DocSystemAgent', action: 'create_initial_docs' },
  { agent: 'ReviewAgent', action: 'technical_review' },
  { agent: 'QualityAgent', action: 'quality_assessment' },
] as const;

/** The name of a step. */
export type StepName = (typeof STEPS)[number]['action'];

/** What a step returns: 275 bytes and its own name. */
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

/** The number of the workflow that a step with these requirements belongs to. */
export function numberOfStep(requirements: unknown): number {
  return Requirements.parse(requirements).n;
}

/** What a step of workflow `n` returns. */
export function outputOf(n: number, step: StepName) {
  return { step, ...numberedPayload(n) };
}

/** What a step of workflow `n` is given: the output of the step before it, and nothing else. */
export function inputsOf(n: number, step: StepName): Readonly<Record<string, Output>> {
  const before = STEPS[STEPS.findIndex(({ action }) => action === step) - 1];
  return before ? { [before.action]: outputOf(n, before.action) } : {};
}
