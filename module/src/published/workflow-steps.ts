// The steps of a workflow, in pages.

import { t } from 'spacetimedb/server';
import { requireAdmitted } from '../access.ts';
import { checkPage } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';
import { isQueue } from '../unit-of-work.ts';
import { specOf, type Step, stepAt } from '../workflow/step.ts';
import { maySee } from '../workflow/visibility.ts';

const StepRow = t.object('StepRow', {
  position: t.u32(),
  name: t.string(),
  agent: t.string(),
  action: t.string(),
  state: t.string(),
  attempt: t.u32(),
  output: t.string(),
  error: t.string(),
  startedAt: t.i64(),
  endedAt: t.i64(),
  /** How often it was given out. */
  tries: t.u32(),
  /** How far it is undone: `running`, `done`, `failed`, or empty. */
  undo: t.string(),
  /** The id of the workflow that the step is, once it has begun. */
  nested: t.string(),
  /** Positions of the steps it waits for. */
  dependencies: t.array(t.u32()),
  /** Of one element of a step that is done for each: one more than the position of that step; else 0. */
  parent: t.u32(),
});

/** Steps from a position on, in order; for the initiator, participants and operators. */
export const workflowSteps = agora.procedure(
  { workflow: t.string(), from: t.u32(), limit: t.u32() },
  t.array(StepRow),
  (ctx, { workflow, from, limit }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      if (!maySee({ db: tx.db, sender: ctx.sender }, workflow)) {
        refuse('workflow/unknown', `there is no workflow ${workflow.slice(0, 64)} that you may see`);
      }
      const rows = [];
      for (let position = from; position < from + limit; position++) {
        const row = stepAt(tx.db, workflow, position);
        if (!row) break;
        const { name, agentName: agent, action, state, attempt, output, error, startedAt, endedAt, tries, undo } = row;
        const about = { name, agent, action, state, attempt, output, error, startedAt, endedAt, tries, undo };
        const { dependencies, parent } = row;
        rows.push({ position, ...about, nested: nestedOf(row), dependencies, parent });
      }
      return rows;
    });
  },
);

const WaitRow = t.object('WaitRow', {
  name: t.string(),
  state: t.string(),
  /** `steps`, `time` (until `until`), `resume`, `approval`, `queue`, `agent`, `answer`, `elements`, `workflow`. */
  waitsFor: t.string(),
  /** Steps, agents, or the capability. */
  whom: t.array(t.string()),
  until: t.i64(),
});

/** What each step waits for that has not ended, or is being undone, and whom: from a position on, in order. */
export const whyWaiting = agora.procedure(
  { workflow: t.string(), from: t.u32(), limit: t.u32() },
  t.array(WaitRow),
  (ctx, { workflow, from, limit }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      if (!maySee(tx, workflow)) {
        refuse('workflow/unknown', `there is no workflow ${workflow.slice(0, 64)} that you may see`);
      }
      const rows = [];
      const isPaused = tx.db.workflowState.id.find(workflow)?.status === 'paused';
      const now = tx.timestamp.microsSinceUnixEpoch;
      // At most as many points as a workflow has steps and elements.
      for (let position = from; position < LIMITS.workflowRows && rows.length < limit; position++) {
        const row = stepAt(tx.db, workflow, position);
        if (!row) break;
        const { name, state } = row;
        if (row.endedAt === 0n) rows.push({ name, state, ...waitOf(tx.db, row, { isPaused, now }) });
        else if (row.undo === 'running') rows.push({ name, state, ...waitOfDelivery(tx.db, row, row.undoMessage) });
      }
      return rows;
    });
  },
);

/** The workflow that a step is, once it has begun. */
function nestedOf(step: Step): string {
  return step.message !== '' && specOf(step).workflow ? step.message : '';
}

function waitOf(db: Ctx['db'], step: Step, { isPaused, now }: { readonly isPaused: boolean; readonly now: bigint }) {
  switch (step.state) {
    case 'pending': {
      const dependencies = step.dependencies.flatMap(at => stepAt(db, step.workflow, at) ?? []);
      const whom = dependencies.filter(each => each.endedAt === 0n).map(each => each.name);
      return { waitsFor: 'steps', whom, until: 0n };
    }
    case 'ready':
      if (step.approval === 'asked') {
        const whom = [db.mailbox.agent.find(step.approver)?.name ?? ''];
        return { waitsFor: 'approval', whom, until: step.dueAt };
      }
      return isPaused && step.dueAt <= now
        ? { waitsFor: 'resume', whom: [], until: 0n }
        : { waitsFor: 'time', whom: [], until: step.dueAt };
    default:
      if (step.children > 0) return { waitsFor: 'elements', whom: [], until: 0n };
      if (nestedOf(step) !== '') return { waitsFor: 'workflow', whom: [step.message], until: 0n };
      return waitOfDelivery(db, step, step.message);
  }
}

function waitOfDelivery(db: Ctx['db'], step: Step, message: string) {
  const [delivery] = db.message.id.find(message)?.deliveries ?? [];
  const offered = delivery === undefined ? undefined : db.offer.id.find(delivery);
  const nameOf = (mailbox: bigint) => db.mailbox.agent.find(mailbox)?.name ?? step.agentName;
  if (offered) return { waitsFor: 'answer', whom: [nameOf(offered.agent)], until: offered.leaseUntil };
  const waiting = delivery === undefined ? undefined : db.waiting.id.find(delivery);
  if (!waiting) return { waitsFor: 'agent', whom: [step.agentName], until: 0n };
  const waitsFor = isQueue(waiting.agent) ? 'queue' : 'agent';
  return { waitsFor, whom: [nameOf(waiting.agent)], until: waiting.lane === 0 ? waiting.availableAt : 0n };
}
