// Subscriptions to workflows: a watch adds the summary of a workflow to the view `myWorkflows` of the caller.

import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

type Watch = NonNullable<ReturnType<Ctx['db']['workflowWatch']['id']['find']>>;

/** Watches of the caller by workflow, read once a call, since one call may start or unwatch many. */
const ownByUnit = new WeakMap<UnitOfWork, Map<string, Watch>>();

function ownWatches(unit: UnitOfWork): Map<string, Watch> {
  let own = ownByUnit.get(unit);
  if (!own) {
    const { db, sender } = unit.ctx;
    own = new Map([...db.workflowWatch.watcher.filter(sender)].map(row => [row.workflow, row])); // at most 128
    ownByUnit.set(unit, own);
  }
  return own;
}

/** Adds a watch of the caller, or refuses if there is no free place. */
export function watch(unit: UnitOfWork, workflow: string): void {
  const initiator = unit.ctx.db.workflow.id.find(workflow)?.initiator ?? 0n;
  const full = watchIfFree(unit, workflow, initiator);
  if (full !== undefined) refuse('workflow/too-many-watchers', full);
}

/**
 * Adds a watch of the caller, charged to the initiator, and returns undefined; or returns a sentence that says why there is no free place. At the limit it
 * removes the watches of ended workflows. A workflow that starts is watched if it can be: any number may run.
 */
export function watchIfFree(unit: UnitOfWork, workflow: string, initiator: bigint): string | undefined {
  const { db, sender } = unit.ctx;
  const own = ownWatches(unit);
  if (own.has(workflow)) return undefined;
  if (own.size >= LIMITS.watchesPerIdentity) {
    const followed = [...own.keys()];
    const ended = followed.filter(id => (db.workflowState.id.find(id)?.endedAt ?? 1n) > 0n);
    for (const id of ended) unwatch(unit, id);
    if (ended.length === 0) {
      return `you follow ${own.size} running workflows; stop following one with unwatchWorkflow`;
    }
  }
  const watchers = [...db.workflowWatch.workflow.filter(workflow)].length; // at most 16
  if (watchers >= LIMITS.watchersPerWorkflow) {
    return `workflow ${workflow} has ${watchers} followers already`;
  }
  own.set(workflow, db.workflowWatch.insert({ id: 0n, watcher: sender, workflow, agent: initiator }));
  unit.addBytes(initiator, ROW_BYTES.watch);
  return undefined;
}

/** Removes a watch of the caller. Idempotent. */
export function unwatch(unit: UnitOfWork, workflow: string): void {
  const own = ownWatches(unit);
  const row = own.get(workflow);
  if (!row) return;
  own.delete(workflow);
  unit.ctx.db.workflowWatch.id.delete(row.id);
  unit.addBytes(row.agent, -ROW_BYTES.watch);
}
