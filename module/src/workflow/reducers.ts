// Workflows are started, and watched.

import { t } from 'spacetimedb/server';
import { isOperator, isSame } from '../access.ts';
import { LIMITS } from '../contract/limits.ts';
import { UUID_V7 } from '../contract/words.ts';
import { asMember } from '../desk.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';
import { decide } from './approval.ts';
import { start } from './start.ts';
import { cancel, fork, pause, resume, retry } from './steer.ts';
import { unwatch, watch } from './watch.ts';

/** Checks a definition, names every fault, and starts it in the same transaction. */
export const startWorkflow = agora.reducer({ id: t.string(), agent: t.u64(), definition: t.string() }, (ctx, said) => {
  asMember(ctx, desk => start(desk, said));
});

/** Follows a workflow in `myWorkflows`. */
export const watchWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, desk => {
    if (!maySee(ctx, workflow))
      refuse('workflow/unknown', `there is no workflow ${workflow.slice(0, 64)} that you may see`);
    watch(desk, workflow);
  });
});

/** Stops following a workflow; harmless for one that was not followed. */
export const unwatchWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, desk => unwatch(desk, workflow));
});

/** Says yes to a step, for whoever is asked, and operators. */
export const approveStep = agora.reducer(
  { workflow: t.string(), step: t.string(), comment: t.string() },
  (ctx, { workflow, step, comment }) => {
    asMember(ctx, desk => decide(desk, workflow, step, true, comment.slice(0, LIMITS.reasonLength)));
  },
);

/** Says no to a step, which has failed by that. */
export const rejectStep = agora.reducer(
  { workflow: t.string(), step: t.string(), comment: t.string() },
  (ctx, { workflow, step, comment }) => {
    asMember(ctx, desk => decide(desk, workflow, step, false, comment.slice(0, LIMITS.reasonLength)));
  },
);

/** Gives out no more steps of a workflow until it is resumed; for whoever started it, and operators. */
export const pauseWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, desk => pause(desk, workflow));
});

/** Goes on with a workflow that was paused. */
export const resumeWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, desk => resume(desk, workflow));
});

/** Calls a workflow off, and all that is offered of it. */
export const cancelWorkflow = agora.reducer(
  { workflow: t.string(), reason: t.string() },
  (ctx, { workflow, reason }) => {
    asMember(ctx, desk => cancel(desk, workflow, reason.slice(0, LIMITS.reasonLength)));
  },
);

/** Does a step again that did not end well, with all that depends on it; a workflow that had failed goes on. */
export const retryStep = agora.reducer({ workflow: t.string(), step: t.string() }, (ctx, { workflow, step }) => {
  asMember(ctx, desk => retry(desk, workflow, step));
});

/**
 * Runs a workflow that has ended once more, under a new id, from a step on: what succeeded and does not depend on that step is
 * taken over with its output.
 */
export const forkWorkflow = agora.reducer(
  { workflow: t.string(), id: t.string(), agent: t.u64(), step: t.string() },
  (ctx, { workflow, id, agent, step }) => {
    if (!UUID_V7.test(id)) refuse('workflow/bad-id', `"${id.slice(0, 64)}" is not a UUIDv7 in lower case`);
    asMember(ctx, desk => {
      desk.own(agent);
      if (!maySee(ctx, workflow))
        refuse('workflow/unknown', `there is no workflow ${workflow.slice(0, 64)} that you may see`);
      fork(desk, workflow, { id, agent, step });
      watch(desk, id);
    });
  },
);

/** Whether the caller started it, takes part in it, or is an operator. At most as many look-ups as participants. */
export function maySee(ctx: Pick<Ctx, 'db' | 'sender'>, workflow: string): boolean {
  const row = ctx.db.workflow.id.find(workflow);
  if (!row) return false;
  const isOwn = (agent: bigint) => {
    const box = ctx.db.mailbox.agent.find(agent);
    return box !== null && isSame(box.owner, ctx.sender);
  };
  return isOwn(row.initiator) || row.participants.some(isOwn) || isOperator(ctx.db, ctx.sender);
}
