// Workflows are started, and watched.

import { t } from 'spacetimedb/server';
import { isOperator, isSame, requireAdmitted } from '../access.ts';
import { LIMITS, UUID_V7 } from '../contract.ts';
import { asMember, type Desk } from '../desk.ts';
import { appendSystemEvent } from '../event/publish.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';
import { isLongerThan } from '../text.ts';
import { checkDefinition, type Plan } from './rules.ts';
import { assignStep, stepAt } from './run.ts';

/** A definition may be this long: a thousand steps with requirements of a kilobyte. */
const DEFINITION_BYTES = 1024 * 1024;

/** Checks a definition, names every fault, and starts it in the same transaction. */
export const startWorkflow = agora.reducer(
  { id: t.string(), agent: t.u64(), definition: t.string() },
  (ctx, { id, agent, definition }) => {
    if (!UUID_V7.test(id)) refuse('workflow/bad-id', `"${id.slice(0, 64)}" is not a UUIDv7 in lower case`);
    if (isLongerThan(definition, DEFINITION_BYTES)) refuse('workflow/bad-definition', 'the definition is over 1 MiB');
    asMember(ctx, desk => {
      desk.own(agent);
      const earlier = ctx.db.workflow.id.find(id);
      if (earlier) {
        if (earlier.initiator === agent && earlier.definition === definition) return;
        refuse('workflow/id-reused', `${id} was used for another workflow; start under a new id`);
      }
      const checked = checkDefinition(definition, name => desk.boxNamed(name) !== undefined);
      if (!checked.ok) refuse('workflow/bad-definition', checked.faults.join('; '));
      begin(desk, id, agent, definition, checked.plan);
      watch(ctx, id);
    });
  },
);

/** Follows a workflow in `myWorkflows`. */
export const watchWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  requireAdmitted(ctx);
  if (!maySee(ctx, workflow))
    refuse('workflow/unknown', `there is no workflow ${workflow.slice(0, 64)} that you may see`);
  watch(ctx, workflow);
});

/** Stops following a workflow; harmless for one that was not followed. */
export const unwatchWorkflow = agora.reducer({ workflow: t.string() }, (ctx, { workflow }) => {
  requireAdmitted(ctx);
  // The caller's watches: at most 128.
  for (const row of [...ctx.db.workflowWatch.watcher.filter(ctx.sender)]) {
    if (row.workflow === workflow) ctx.db.workflowWatch.id.delete(row.id);
  }
});

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

function begin(desk: Desk, id: string, initiator: bigint, definition: string, plan: Plan): void {
  const { db } = desk.ctx;
  const agentOf = (name: string) => desk.boxNamed(name)?.agent ?? 0n;
  db.workflow.insert({
    id,
    initiator,
    type: plan.type,
    definition,
    participants: plan.participants.map(agentOf),
    priority: plan.priority,
    createdAt: desk.now,
  });
  db.workflowState.insert({
    id,
    type: plan.type,
    status: 'running',
    total: plan.steps.length,
    ended: 0,
    reason: '',
    startedAt: desk.now,
    endedAt: 0n,
    version: 1,
  });
  plan.steps.forEach((step, position) => {
    db.step.insert({
      id: 0n,
      workflow: id,
      position,
      name: step.name,
      agent: agentOf(step.agent),
      agentName: step.agent,
      action: step.action,
      requirements: step.requirements,
      dependencies: step.dependencies,
      dependents: step.dependents,
      unmet: step.dependencies.length,
      state: 'pending',
      message: '',
      attempt: 0,
      output: '',
      error: '',
      startedAt: 0n,
      endedAt: 0n,
    });
  });
  appendSystemEvent(desk, 'workflow_started', {
    workflow_id: id,
    workflow_type: plan.type,
    initiator: desk.box(initiator)?.name,
  });
  plan.steps.forEach((step, position) => {
    const row = step.dependencies.length === 0 ? stepAt(db, id, position) : undefined;
    if (row) assignStep(desk, row, plan.priority);
  });
}

/** Adds the caller to those who follow a workflow; makes room by letting go of ended ones. */
function watch(ctx: Ctx, workflow: string): void {
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
