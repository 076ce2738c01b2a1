// View of the workflows that the caller follows: at most 128 rows, each read by its key.

import { t } from 'spacetimedb/server';
import { agora } from '../schema.ts';

/** A type of its own, so that a further column of `workflowState` changes no client. */
const WorkflowSummary = t.row('WorkflowSummary', {
  /** The key makes a change of a row an update for clients. */
  id: t.string().primaryKey(),
  type: t.string(),
  status: t.string(),
  /** Steps and elements, and those that have ended. */
  total: t.u32(),
  ended: t.u32(),
  reason: t.string(),
  startedAt: t.i64(),
  endedAt: t.i64(),
  version: t.u32(),
  /** The status that it will have after its compensation; empty before. */
  outcome: t.string(),
  /** True if it was paused with its outer workflow, and resumes with it. */
  pausedWith: t.bool(),
});

/** Summaries of the workflows that the caller follows. */
export const myWorkflows = agora.view({ public: true }, t.array(WorkflowSummary), ctx => {
  const rows = [];
  for (const watch of ctx.db.workflowWatch.watcher.filter(ctx.sender)) {
    const row = ctx.db.workflowState.id.find(watch.workflow);
    if (!row) continue;
    const { id, type, status, total, ended, reason, startedAt, endedAt, version, outcome, pausedWith } = row;
    rows.push({ id, type, status, total, ended, reason, startedAt, endedAt, version, outcome, pausedWith });
  }
  return rows;
});
