// Who follows a workflow live, in `myWorkflows`.

import { LIMITS } from '../contract/limits.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

type Watch = NonNullable<ReturnType<Ctx['db']['workflowWatch']['id']['find']>>;

/** What the caller follows, by workflow: read once a call, since many may be started or let go of in one. */
const ownOfUnits = new WeakMap<UnitOfWork, Map<string, Watch>>();

function ownWatches(unit: UnitOfWork): Map<string, Watch> {
  let own = ownOfUnits.get(unit);
  if (!own) {
    const { db, sender } = unit.ctx;
    own = new Map([...db.workflowWatch.watcher.filter(sender)].map(row => [row.workflow, row])); // at most 128
    ownOfUnits.set(unit, own);
  }
  return own;
}

/** Adds the caller to those who follow a workflow; makes room by letting go of ended ones. */
export function watch(unit: UnitOfWork, workflow: string): void {
  const { db, sender } = unit.ctx;
  const own = ownWatches(unit);
  if (own.has(workflow)) return;
  if (own.size >= LIMITS.watchesPerIdentity) {
    const followed = [...own.keys()];
    const ended = followed.filter(id => (db.workflowState.id.find(id)?.endedAt ?? 1n) > 0n);
    for (const id of ended) unwatch(unit, id);
    if (ended.length === 0) {
      refuse(
        'workflow/too-many-watchers',
        `you follow ${own.size} running workflows; let go of one with unwatchWorkflow`,
      );
    }
  }
  const watchers = [...db.workflowWatch.workflow.filter(workflow)].length; // at most 16
  if (watchers >= LIMITS.watchersPerWorkflow) {
    refuse('workflow/too-many-watchers', `${watchers} follow workflow ${workflow} already`);
  }
  own.set(workflow, db.workflowWatch.insert({ id: 0n, watcher: sender, workflow }));
}

/** Takes the caller from those who follow a workflow; harmless for one that was not followed. */
export function unwatch(unit: UnitOfWork, workflow: string): void {
  const own = ownWatches(unit);
  const row = own.get(workflow);
  if (!row) return;
  own.delete(workflow);
  unit.ctx.db.workflowWatch.id.delete(row.id);
}
