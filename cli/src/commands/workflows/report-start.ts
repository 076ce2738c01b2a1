// The report of a workflow that a command has started: its id, its end, or a live view.

import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { DAY_MS, type FollowedWorkflow, waitForEnd, waitTime, watchToEnd } from './follow.ts';

/** The schemas of the flags that select the report. */
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

/** Throws `cli/usage` for a timeout without anything to wait for. */
export function checkWaitFlags({ wait, watch, timeout }: WaitFlags): void {
  if (timeout === undefined || wait || watch) return;
  throw new CliError('cli/usage', '--timeout needs --wait or --watch.', EXIT.usage);
}

/** Reports a started workflow as the flags ask. */
export async function reportStart(
  context: CommandContext,
  started: Omit<FollowedWorkflow, 'timeoutMs'>,
  flags: WaitFlags,
): Promise<void> {
  const { output } = context;
  const followed: FollowedWorkflow = { ...started, timeoutMs: flags.timeout ?? DAY_MS };
  const { workflowId } = started.handle;
  if (flags.watch) {
    output.note(`Started ${workflowId}.`);
    return watchToEnd(context, followed);
  }
  if (!flags.wait) {
    const { type, status, total } = started.handle.status();
    return output.data({ workflowId, type, status, total }, () => workflowId);
  }
  output.note(`Started ${workflowId}; waiting for its end …`);
  const { status, reason, outputs } = await waitForEnd(context, followed);
  await output.data({ workflowId, status, reason, outputs }, () => {
    const line = reason === '' ? status : `${status}: ${reason}`;
    const result = JSON.stringify(outputs, undefined, 2);
    return `${output.paint(status === 'succeeded' ? 'green' : 'red', line)}\n${result}`;
  });
}
