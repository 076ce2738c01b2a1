// Who follows a workflow live, in `myWorkflows`.

import { LIMITS } from '../contract.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';

/** Adds the caller to those who follow a workflow; makes room by letting go of ended ones. */
export function watch(ctx: Ctx, workflow: string): void {
  const { db, sender } = ctx;
  const own = [...db.workflowWatch.watcher.filter(sender)]; // at most 128
  if (own.some(row => row.workflow === workflow)) return;
  if (own.length >= LIMITS.watchesPerIdentity) {
    const ended = own.filter(row => (db.workflowState.id.find(row.workflow)?.endedAt ?? 1n) > 0n);
    for (const row of ended) db.workflowWatch.id.delete(row.id);
    if (ended.length === 0) {
      refuse(
        'workflow/too-many-watchers',
        `you follow ${own.length} running workflows; let go of one with unwatchWorkflow`,
      );
    }
  }
  const watchers = [...db.workflowWatch.workflow.filter(workflow)].length; // at most 16
  if (watchers >= LIMITS.watchersPerWorkflow) {
    refuse('workflow/too-many-watchers', `${watchers} follow workflow ${workflow} already`);
  }
  db.workflowWatch.insert({ id: 0n, watcher: sender, workflow });
}

/** Takes the caller from those who follow a workflow; harmless for one that was not followed. */
export function unwatch({ db, sender }: Ctx, workflow: string): void {
  // The caller's watches: at most 128.
  for (const row of [...db.workflowWatch.watcher.filter(sender)]) {
    if (row.workflow === workflow) db.workflowWatch.id.delete(row.id);
  }
}
