// Snapshots of a workflow, for output.

import type { WorkflowHandle } from '@agora/client';
import type { WorkflowSnapshot } from '../../graph/draw-workflow.ts';

/** Reads the summary, the steps, and what the unfinished steps wait for. */
export async function readSnapshot(handle: WorkflowHandle): Promise<Required<WorkflowSnapshot>> {
  const [steps, waits] = await Promise.all([
    handle.steps(),
    handle.status().endedAt === undefined ? handle.whyWaiting() : [],
  ]);
  return { summary: handle.status(), steps, waits };
}

/** The agent of each step by step name: the agent that holds the step, or that it is meant for. */
export function holdersOf({ steps, waits }: Required<WorkflowSnapshot>): Map<string, string> {
  const holders = new Map(steps.map(step => [step.name, step.agent]));
  for (const { step, waitsFor, whom } of waits) {
    if (waitsFor !== 'steps' && whom[0] !== undefined) holders.set(step, whom[0]);
  }
  return holders;
}
