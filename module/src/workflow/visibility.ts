// Who may see a workflow.

import { isOperator, isSame } from '../access.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';

/** Returns true for the initiator, participants and operators. One look-up a participant. */
export function maySee(ctx: Pick<Ctx, 'db' | 'sender'>, workflow: string): boolean {
  const row = ctx.db.workflow.id.find(workflow);
  if (!row) return false;
  const isOwn = (agent: bigint) => {
    const box = ctx.db.mailbox.agent.find(agent);
    return box !== null && isSame(box.owner, ctx.sender);
  };
  return isOwn(row.initiator) || row.participants.some(isOwn) || isOperator(ctx.db, ctx.sender);
}

/** Refuses a caller that may not see a workflow, with the same error as for an unknown id. */
export function requireVisible(ctx: Pick<Ctx, 'db' | 'sender'>, workflow: string): void {
  if (!maySee(ctx, workflow))
    refuse('workflow/unknown', `there is no workflow ${workflow.slice(0, 64)} that you may see`);
}
