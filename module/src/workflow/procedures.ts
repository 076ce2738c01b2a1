// The steps of a workflow, in pages.

import { t } from 'spacetimedb/server';
import { requireAdmitted } from '../access.ts';
import { LIMITS } from '../contract.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import { maySee } from './reducers.ts';
import { stepAt } from './run.ts';

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
});

/** Steps from a position on, in order; for the initiator, participants and operators. */
export const workflowSteps = agora.procedure(
  { workflow: t.string(), from: t.u32(), limit: t.u32() },
  t.array(StepRow),
  (ctx, { workflow, from, limit }) => {
    if (limit === 0 || limit > LIMITS.page) refuse('call/bad-limit', `a page has 1 to ${LIMITS.page} rows`);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      if (!maySee({ db: tx.db, sender: ctx.sender }, workflow)) {
        refuse('workflow/unknown', `there is no workflow ${workflow.slice(0, 64)} that you may see`);
      }
      const rows = [];
      for (let position = from; position < from + limit; position++) {
        const row = stepAt(tx.db, workflow, position);
        if (!row) break;
        const { name, agentName, action, state, attempt, output, error, startedAt, endedAt } = row;
        rows.push({ position, name, agent: agentName, action, state, attempt, output, error, startedAt, endedAt });
      }
      return rows;
    });
  },
);
