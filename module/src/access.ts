// Permissions, as guards: each returns the row that it guards, or refuses.

import type { Identity } from 'spacetimedb';
import { type Hub, hubOf } from './hub.ts';
import { refuse } from './refuse.ts';
import type { Ctx } from './schema.ts';

/** Returns true if two identities are equal. `isEqual` compares hex texts, which costs more than finding a row. */
export function isSame(one: Identity, other: Identity): boolean {
  return one.__identity__ === other.__identity__;
}

/** Returns the row of an agent, public or private, if the caller owns the agent. */
export function requireOwn<Row extends { readonly owner: Identity; readonly name: string }>(
  row: Row | null | undefined,
  agent: bigint,
  caller: Identity,
): Row {
  if (!row) refuse('agent/unknown', `there is no agent ${agent}; register it first`);
  if (!isSame(row.owner, caller)) refuse('agent/not-yours', `agent "${row.name}" belongs to another identity`);
  return row;
}

/** Returns the public row of an agent that the caller owns. */
export function ownAgent(ctx: Ctx, id: bigint) {
  return requireOwn(ctx.db.agent.id.find(id), id, ctx.sender);
}

/** Returns true if an identity is an operator. */
export function isOperator(db: Ctx['db'], identity: Identity): boolean {
  return db.operator.identity.find(identity) !== null;
}

/** Refuses a caller that is not an operator. */
export function requireOperator(ctx: Ctx): void {
  if (!isOperator(ctx.db, ctx.sender))
    refuse('operator/required', 'only an operator may do this; ask an operator to grant you that role');
}

/** Returns true if a closed hub admits an identity: an operator, or a member whose admission rule still exists. */
export function isAdmitted(db: Ctx['db'], identity: Identity): boolean {
  if (isOperator(db, identity)) return true;
  const member = db.member.identity.find(identity);
  return member !== null && db.admissionRule.id.find(member.rule) !== null;
}

/** Refuses a caller that the hub does not admit. Every call checks, since open connections stay open. */
export function requireAdmitted(ctx: Pick<Ctx, 'db' | 'sender'>, hub: Hub = hubOf(ctx.db)): void {
  if (hub.admission !== 'closed' || isAdmitted(ctx.db, ctx.sender)) return;
  refuse('hub/not-admitted', `this hub is closed; ask an operator to admit 0x${ctx.sender.toHexString()}`);
}

/** Returns the mailbox of an agent of the caller, or of any agent for an operator. For procedures. */
export function readableMailbox(tx: Pick<Ctx, 'db' | 'sender'>, agent: bigint) {
  requireAdmitted(tx);
  const box = tx.db.mailbox.agent.find(agent);
  return box && isOperator(tx.db, tx.sender) ? box : requireOwn(box, agent, tx.sender);
}
