// Who may do what, as guards: each returns what it guards, or refuses.

import type { Identity } from 'spacetimedb';
import { refuse } from './refuse.ts';
import type { Ctx } from './schema.ts';

/** Whether two identities are one. `isEqual` compares hex texts, which costs more than finding a row. */
export function isSame(one: Identity, other: Identity): boolean {
  return one.__identity__ === other.__identity__;
}

/** The public row of an agent that the caller owns. */
export function ownAgent(ctx: Ctx, id: bigint) {
  const row = ctx.db.agent.id.find(id);
  if (!row) refuse('agent/unknown', `there is no agent ${id}; register it first`);
  if (!isSame(row.owner, ctx.sender)) refuse('agent/not-yours', `agent "${row.name}" belongs to another identity`);
  return row;
}

/** Whether an identity is an operator. */
export function isOperator(db: Ctx['db'], identity: Identity): boolean {
  return db.operator.identity.find(identity) !== null;
}

/** Refuses a caller that is no operator. */
export function requireOperator(ctx: Ctx): void {
  if (!isOperator(ctx.db, ctx.sender))
    refuse('operator/required', 'only an operator may do this; ask one to grant you');
}
