// Workflows are started, and watched.

import { t } from 'spacetimedb/server';
import { LIMITS } from '../contract/limits.ts';
import { UUID_V7 } from '../contract/words.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import { decide } from '../workflow/kinds/approval.ts';
import { start } from '../workflow/start.ts';
import { cancel, fork, pause, resume, retry } from '../workflow/steer.ts';
import { maySee } from '../workflow/visibility.ts';
import { unwatch, watch } from '../workflow/watch.ts';
import { asMember } from './call.ts';

/** Checks a definition, names every fault, and starts it in the same transaction. */
export const startWorkflow = agora.reducer({ id: t.string(), agent: t.u64(), definition: t.string() }, (ctx, said) => {
  asMember(ctx, unit => start(unit, said));
});

/** Follows a workflow in `myWorkflows`. */
export const watchWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, unit => {
    if (!maySee(ctx, workflow))
      refuse('workflow/unknown', `there is no workflow ${workflow.slice(0, 64)} that you may see`);
    watch(unit, workflow);
  });
});

/** Stops following a workflow; harmless for one that was not followed. */
export const unwatchWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, unit => unwatch(unit, workflow));
});

/** Says yes to a step, for whoever is asked, and operators. */
export const approveStep = agora.reducer(
  { workflow: t.string(), step: t.string(), comment: t.string() },
  (ctx, { workflow, step, comment }) => {
    asMember(ctx, unit => decide(unit, workflow, step, true, comment.slice(0, LIMITS.reasonLength)));
  },
);

/** Says no to a step, which has failed by that. */
export const rejectStep = agora.reducer(
  { workflow: t.string(), step: t.string(), comment: t.string() },
  (ctx, { workflow, step, comment }) => {
    asMember(ctx, unit => decide(unit, workflow, step, false, comment.slice(0, LIMITS.reasonLength)));
  },
);

/** Gives out no more steps of a workflow until it is resumed; for whoever started it, and operators. */
export const pauseWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, unit => pause(unit, workflow));
});

/** Goes on with a workflow that was paused. */
export const resumeWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, unit => resume(unit, workflow));
});

/** Calls a workflow off, and all that is offered of it. */
export const cancelWorkflow = agora.reducer(
  { workflow: t.string(), reason: t.string() },
  (ctx, { workflow, reason }) => {
    asMember(ctx, unit => cancel(unit, workflow, reason.slice(0, LIMITS.reasonLength)));
  },
);

/** Does a step again that did not end well, with all that depends on it; a workflow that had failed goes on. */
export const retryStep = agora.reducer({ workflow: t.string(), step: t.string() }, (ctx, { workflow, step }) => {
  asMember(ctx, unit => retry(unit, workflow, step));
});

/**
 * Runs a workflow that has ended once more, under a new id, from a step on: what succeeded and does not depend on that step is
 * taken over with its output.
 */
export const forkWorkflow = agora.reducer(
  { workflow: t.string(), id: t.string(), agent: t.u64(), step: t.string() },
  (ctx, { workflow, id, agent, step }) => {
    if (!UUID_V7.test(id)) refuse('workflow/bad-id', `"${id.slice(0, 64)}" is not a UUIDv7 in lower case`);
    asMember(ctx, unit => {
      unit.own(agent);
      if (!maySee(ctx, workflow))
        refuse('workflow/unknown', `there is no workflow ${workflow.slice(0, 64)} that you may see`);
      fork(unit, workflow, { id, agent, step });
      watch(unit, id);
    });
  },
);
