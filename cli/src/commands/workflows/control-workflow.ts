// Control of a workflow with one call, and one line of output.

import type { WorkflowHandle } from '@agora/client';
import type { CommandContext } from '../../command/command-context.ts';
import { openWorkflow } from './open-workflow.ts';

interface Target {
  readonly workflow: string;
  readonly step?: string;
}

/** Makes a call on a workflow and prints what was done. */
export async function controlWorkflow(
  context: CommandContext,
  target: Target,
  done: string,
  call: (handle: WorkflowHandle) => Promise<void>,
): Promise<void> {
  const client = await context.connect();
  await using handle = await openWorkflow(client, target.workflow);
  await call(handle);
  await printDone(context, target, done);
}

/** Prints that something was done to a workflow or a step: `<id> paused`. */
export function printDone({ output }: CommandContext, { workflow, step }: Target, done: string): Promise<void> {
  return output.data({ workflowId: workflow, ...(step !== undefined && { step }), done }, () =>
    step === undefined ? `${workflow} ${done}` : `${workflow} ${step} ${done}`,
  );
}
