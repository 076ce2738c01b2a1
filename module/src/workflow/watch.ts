// Who follows a workflow live, in `myWorkflows`.

import { LIMITS } from '../contract/limits.ts';
import type { Desk } from '../desk.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';

type Watch = NonNullable<ReturnType<Ctx['db']['workflowWatch']['id']['find']>>;

/** What the caller follows, by workflow: read once a call, since many may be started or let go of in one. */
const ownOfDesks = new WeakMap<Desk, Map<string, Watch>>();

function ownWatches(desk: Desk): Map<string, Watch> {
  let own = ownOfDesks.get(desk);
  if (!own) {
    const { db, sender } = desk.ctx;
    own = new Map([...db.workflowWatch.watcher.filter(sender)].map(row => [row.workflow, row])); // at most 128
    ownOfDesks.set(desk, own);
  }
  return own;
}

/** Adds the caller to those who follow a workflow; makes room by letting go of ended ones. */
export function watch(desk: Desk, workflow: string): void {
  const { db, sender } = desk.ctx;
  const own = ownWatches(desk);
  if (own.has(workflow)) return;
  if (own.size >= LIMITS.watchesPerIdentity) {
    const followed = [...own.keys()];
    const ended = followed.filter(id => (db.workflowState.id.find(id)?.endedAt ?? 1n) > 0n);
    for (const id of ended) unwatch(desk, id);
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
export function unwatch(desk: Desk, workflow: string): void {
  const own = ownWatches(desk);
  const row = own.get(workflow);
  if (!row) return;
  own.delete(workflow);
  desk.ctx.db.workflowWatch.id.delete(row.id);
}
