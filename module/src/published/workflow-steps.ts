// Pages of the steps of a workflow; for its initiator, participants and operators.

import { t } from 'spacetimedb/server';
import { requireAdmitted } from '../access.ts';
import { checkPage } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { agora } from '../schema.ts';
import { innerIdOf } from '../workflow/kinds/nested.ts';
import { outputOf, stepAt } from '../workflow/step.ts';
import { requireVisible } from '../workflow/visibility.ts';
import { waitOf } from '../workflow/why-waiting.ts';

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
  /** Assignments so far. */
  tries: t.u32(),
  /** State of its compensation, one of `UNDO_STATES`; empty if it has none. */
  undo: t.string(),
  /** Id of the workflow that the step is; empty before it has begun. */
  nested: t.string(),
  /** Positions of the steps that it depends on. */
  dependencies: t.array(t.u32()),
  /** Of an element of a `for_each` step: the position of that step + 1; else 0. */
  parent: t.u32(),
});

/** Steps from a position on, in order. */
export const workflowSteps = agora.procedure(
  { workflow: t.string(), from: t.u32(), limit: t.u32() },
  t.array(StepRow),
  (ctx, { workflow, from, limit }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      requireVisible({ db: tx.db, sender: ctx.sender }, workflow);
      const rows = [];
      for (let position = from; position < from + limit; position++) {
        const row = stepAt(tx.db, workflow, position);
        if (!row) break;
        const { name, agentName: agent, action, state, attempt, error, startedAt, endedAt, tries, undo } = row;
        const output = outputOf(tx.db, row);
        const about = { name, agent, action, state, attempt, output, error, startedAt, endedAt, tries, undo };
        const { dependencies, parent } = row;
        rows.push({ position, ...about, nested: innerIdOf(tx.db, row), dependencies, parent });
      }
      return rows;
    });
  },
);

const WaitRow = t.object('WaitRow', {
  name: t.string(),
  state: t.string(),
  /** One of `WAIT_REASONS`. */
  waitsFor: t.string(),
  /** Names of steps or agents, a capability, or the id of a workflow. */
  whom: t.array(t.string()),
  /** Microseconds; 0 if no time is set. */
  until: t.i64(),
});

/** The reason why each step waits that has not ended or is being undone; from a position on, in order. */
export const whyWaiting = agora.procedure(
  { workflow: t.string(), from: t.u32(), limit: t.u32() },
  t.array(WaitRow),
  (ctx, { workflow, from, limit }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      requireVisible(tx, workflow);
      const rows = [];
      const isPaused = tx.db.workflowState.id.find(workflow)?.status === 'paused';
      const now = tx.timestamp.microsSinceUnixEpoch;
      // One look-up a step or element.
      for (let position = from; position < LIMITS.workflowRows && rows.length < limit; position++) {
        const row = stepAt(tx.db, workflow, position);
        if (!row) break;
        const wait = waitOf(tx.db, row, isPaused, now);
        if (wait) rows.push({ name: row.name, state: row.state, ...wait });
      }
      return rows;
    });
  },
);
