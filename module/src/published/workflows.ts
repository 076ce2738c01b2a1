// Starts, follows, approves and steers workflows. Every call does a bounded part of its work: `workflow/progress.ts` states the
// bound, and `workflow/job.ts` has the rest.

import { t } from 'spacetimedb/server';
import { requireAdmitted } from '../access.ts';
import { checkId, checkPage } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { agora } from '../schema.ts';
import { afterNow } from '../time/newest.ts';
import { decideApproval } from '../workflow/approvals.ts';
import { workflowsBefore } from '../workflow/newest.ts';
import { start } from '../workflow/start.ts';
import { cancel, fork, pause, resume, retry } from '../workflow/steer.ts';
import { requireVisible } from '../workflow/visibility.ts';
import { unwatch, watch, watchIfFree } from '../workflow/watch.ts';
import { asMember } from './call.ts';

/** Checks a definition and starts it in the same transaction; refuses with all faults. Idempotent by id. */
export const startWorkflow = agora.reducer(
  { id: t.string(), agent: t.u64(), definition: t.string() },
  (ctx, workflow) => {
    asMember(ctx, unit => start(unit, workflow));
  },
);

/** Adds a workflow to `myWorkflows` of the caller. */
export const watchWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, unit => {
    requireVisible(ctx, workflow);
    watch(unit, workflow);
  });
});

/** Removes a workflow from `myWorkflows`. Idempotent. */
export const unwatchWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, unit => unwatch(unit, workflow));
});

/** Approves a step; for its approver and operators. */
export const approveStep = agora.reducer(
  { workflow: t.string(), step: t.string(), comment: t.string() },
  (ctx, { workflow, step, comment }) => {
    asMember(ctx, unit =>
      decideApproval(unit, { workflow, step, isApproved: true, comment: comment.slice(0, LIMITS.reasonLength) }),
    );
  },
);

/** Rejects a step, which fails it; for its approver and operators. */
export const rejectStep = agora.reducer(
  { workflow: t.string(), step: t.string(), comment: t.string() },
  (ctx, { workflow, step, comment }) => {
    asMember(ctx, unit =>
      decideApproval(unit, { workflow, step, isApproved: false, comment: comment.slice(0, LIMITS.reasonLength) }),
    );
  },
);

/** Pauses a workflow: no step is assigned until it is resumed. For its initiator and operators. */
export const pauseWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, unit => pause(unit, workflow));
});

/** Resumes a paused workflow. */
export const resumeWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  asMember(ctx, unit => resume(unit, workflow));
});

/** Cancels a workflow with all its offers, and undoes its finished steps. */
export const cancelWorkflow = agora.reducer(
  { workflow: t.string(), reason: t.string() },
  (ctx, { workflow, reason }) => {
    asMember(ctx, unit => cancel(unit, workflow, reason.slice(0, LIMITS.reasonLength)));
  },
);

/** Runs a step again that ended without success, with all that depends on it; a failed workflow continues. */
export const retryStep = agora.reducer({ workflow: t.string(), step: t.string() }, (ctx, { workflow, step }) => {
  asMember(ctx, unit => retry(unit, workflow, step));
});

/**
 * Runs an ended workflow again from a step on, under a new id. Steps that succeeded and do not depend on that step keep their
 * outputs.
 */
export const forkWorkflow = agora.reducer(
  { workflow: t.string(), id: t.string(), agent: t.u64(), step: t.string() },
  (ctx, { workflow, id, agent, step }) => {
    asMember(ctx, unit => {
      checkId(unit, id, 'workflow');
      unit.own(agent);
      requireVisible(ctx, workflow);
      fork(unit, workflow, { id, agent, step });
      watchIfFree(unit, id, agent);
    });
  },
);

const NewestWorkflow = t.object('NewestWorkflow', {
  id: t.string(),
  type: t.string(),
  status: t.string(),
  initiator: t.string(),
  /** The outer workflow of a nested one, and the original of a fork, or empty. */
  parent: t.string(),
  fork: t.string(),
  /** Steps and elements, and those that have ended. */
  total: t.u32(),
  ended: t.u32(),
  startedAt: t.i64(),
  endedAt: t.i64(),
});
const NewestWorkflows = t.object('NewestWorkflows', {
  rows: t.array(NewestWorkflow),
  /** The `before` of the next page; 0 if there is none. */
  next: t.i64(),
});

/**
 * Returns the workflows before a time in microseconds (0: now), newest first. `text` is a part of the id, the type or the name of
 * the initiator; "" means any, also as `status`. A page may have few rows, or none, and not be the last.
 */
export const listWorkflows = agora.procedure(
  { before: t.i64(), limit: t.u32(), status: t.string(), text: t.string() },
  NewestWorkflows,
  (ctx, { before, limit, status, text }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      return workflowsBefore(tx.db, { before: before || afterNow(tx), limit }, { status, text });
    });
  },
);
