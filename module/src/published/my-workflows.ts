// View of the workflows that the caller follows: at most 128 rows, each read by its key.

import { t } from 'spacetimedb/server';
import { agora } from '../schema.ts';
import { workflowState } from '../tables/workflow.ts';

/** Summaries of the workflows that the caller follows. */
export const myWorkflows = agora.view({ public: true }, t.array(workflowState.rowType), ctx => {
  const rows = [];
  for (const watch of ctx.db.workflowWatch.watcher.filter(ctx.sender)) {
    const row = ctx.db.workflowState.id.find(watch.workflow);
    if (row) rows.push(row);
  }
  return rows;
});
