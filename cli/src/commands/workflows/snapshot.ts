// What is shown of a workflow, read in one go.

import type { WorkflowHandle } from '@agora/client';
import type { WorkflowSnapshot } from '../../graph/draw-workflow.ts';

/** How a workflow stands, its steps, and what those wait for that have not ended. */
export async function readSnapshot(handle: WorkflowHandle): Promise<Required<WorkflowSnapshot>> {
  const [steps, waits] = await Promise.all([
    handle.steps(),
    handle.status().endedAt === undefined ? handle.whyWaiting() : [],
  ]);
  return { summary: handle.status(), steps, waits };
}

/** Who has each step: the agent that works on it, or that it is for. */
export function holdersOf({ steps, waits }: Required<WorkflowSnapshot>): Map<string, string> {
  const holders = new Map(steps.map(step => [step.name, step.agent]));
  for (const { step, waitsFor, whom } of waits) {
    if (waitsFor !== 'steps' && whom[0] !== undefined) holders.set(step, whom[0]);
  }
  return holders;
}
