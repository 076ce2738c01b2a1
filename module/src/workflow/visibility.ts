// Which workflows a caller may see.

import { isOperator, isSame } from '../access.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';

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

/** Refuses a caller that may not see a workflow, in the words of one that does not exist. */
export function requireVisible(ctx: Pick<Ctx, 'db' | 'sender'>, workflow: string): void {
  if (!maySee(ctx, workflow))
    refuse('workflow/unknown', `there is no workflow ${workflow.slice(0, 64)} that you may see`);
}
