// Who may do what, as guards: each returns what it guards, or refuses.

import type { Identity } from 'spacetimedb';
import { refuse } from './refuse.ts';
import type { Ctx } from './schema.ts';

/** Whether two identities are one. `isEqual` compares hex texts, which costs more than finding a row. */
export function isSame(one: Identity, other: Identity): boolean {
  return one.__identity__ === other.__identity__;
}

/** The row of an agent, public or not, if the caller owns it. */
export function requireOwn<Row extends { readonly owner: Identity; readonly name: string }>(
  row: Row | null | undefined,
  agent: bigint,
  caller: Identity,
): Row {
  if (!row) refuse('agent/unknown', `there is no agent ${agent}; register it first`);
  if (!isSame(row.owner, caller)) refuse('agent/not-yours', `agent "${row.name}" belongs to another identity`);
  return row;
}

/** The public row of an agent that the caller owns. */
export function ownAgent(ctx: Ctx, id: bigint) {
  return requireOwn(ctx.db.agent.id.find(id), id, ctx.sender);
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
