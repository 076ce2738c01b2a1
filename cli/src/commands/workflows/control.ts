// Steering a workflow: one call each, told in one line.

import type { AgoraClient, WorkflowHandle } from '@agora/client';
import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import type { CommandContext } from '../../command/command-context.ts';

const workflow = z.string();
const step = z.string();

/** `agora workflow pause`. */
export const pause = defineCommand({
  input: z.object({ workflow }),
  run: (context, input) => steer(context, input, 'paused', handle => handle.pause()),
});

/** `agora workflow resume`. */
export const resume = defineCommand({
  input: z.object({ workflow }),
  run: (context, input) => steer(context, input, 'resumed', handle => handle.resume()),
});

/** `agora workflow cancel`. */
export const cancel = defineCommand({
  input: z.object({ workflow, reason: z.string() }),
  run: (context, input) => steer(context, input, 'cancelled', handle => handle.cancel(input.reason)),
});

/** `agora workflow retry`. */
export const retry = defineCommand({
  input: z.object({ workflow, step }),
  run: (context, input) => steer(context, input, 'retried', handle => handle.retryStep(input.step)),
});

/** `agora workflow approve`. */
export const approve = defineCommand({
  input: z.object({ workflow, step, comment: z.string().default('') }),
  async run(context, input) {
    const client = await context.connect();
    await client.approveStep(input.workflow, input.step, input.comment);
    await tell(context, input, 'approved');
  },
});

/** `agora workflow reject`. */
export const reject = defineCommand({
  input: z.object({ workflow, step, comment: z.string().default('') }),
  async run(context, input) {
    const client = await context.connect();
    await client.rejectStep(input.workflow, input.step, input.comment);
    await tell(context, input, 'rejected');
  },
});

interface Named {
  readonly workflow: string;
  readonly step?: string;
}

async function steer(
  context: CommandContext,
  input: Named,
  done: string,
  act: (handle: WorkflowHandle, client: AgoraClient) => Promise<void>,
): Promise<void> {
  const client = await context.connect();
  await using handle = await client.workflow(input.workflow);
  await act(handle, client);
  await tell(context, input, done);
}

function tell({ output }: CommandContext, { workflow: id, step: name }: Named, done: string): Promise<void> {
  return output.data({ workflowId: id, ...(name !== undefined && { step: name }), done }, () =>
    name === undefined ? `${id} ${done}` : `${id} ${name} ${done}`,
  );
}
