// A workflow that a command has begun: told at once, waited for, or watched.

import { z } from 'zod';
import type { CommandContext } from '../../command/command-context.ts';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { DAY_MS, type FollowedWorkflow, waitTime, waitForEnd, watchToEnd } from './follow.ts';

/** The flags that say how long to stay with it. */
export const waitFlags = {
  wait: z.boolean().default(false),
  watch: z.boolean().default(false),
  timeout: waitTime.optional(),
};

interface WaitFlags {
  readonly wait: boolean;
  readonly watch: boolean;
  readonly timeout?: number | undefined;
}

/** A time without anything to wait for is a mistake. Throws `cli/usage`. */
export function checkWaitFlags({ wait, watch, timeout }: WaitFlags): void {
  if (timeout === undefined || wait || watch) return;
  throw new CliError('cli/usage', '--timeout goes with --wait or --watch.', EXIT.usage);
}

/** Tells of a workflow that was begun as far as its caller wants to hear. */
export async function reportStart(context: CommandContext, begun: Omit<FollowedWorkflow, 'timeoutMs'>, stay: WaitFlags): Promise<void> {
  const { output } = context;
  const followed: FollowedWorkflow = { ...begun, timeoutMs: stay.timeout ?? DAY_MS };
  const { workflowId } = begun.handle;
  if (stay.watch) {
    output.note(`Started ${workflowId}.`);
    return watchToEnd(context, followed);
  }
  if (!stay.wait) {
    const { type, status, total } = begun.handle.status();
    return output.data({ workflowId, type, status, total }, () => workflowId);
  }
  output.note(`Started ${workflowId}; waiting for its end …`);
  const { status, reason, outputs } = await waitForEnd(context, followed);
  await output.data({ workflowId, status, reason, outputs }, () => {
    const told = reason === '' ? status : `${status}: ${reason}`;
    const last = JSON.stringify(outputs, undefined, 2);
    return `${output.paint(status === 'succeeded' ? 'green' : 'red', told)}\n${last}`;
  });
}
