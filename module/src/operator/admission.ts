// Admission of identities to a closed hub.

import { isAdmitted } from '../access.ts';
import { detachEverywhere } from '../agent/presence.ts';
import { LIMITS } from '../contract/limits.ts';
import type { Admission } from '../contract/words.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** The issuer of the tokens that the server gives to any client. */
export const OWN_ISSUER = 'localhost';
const CHUNK = 256n;

/** Makes the caller a member if a rule admits the issuer of its token, or refuses it. */
export function admitByToken(ctx: Ctx): void {
  const rule = ruleOfToken(ctx);
  if (rule === undefined)
    refuse('hub/not-admitted', `this hub is closed; ask an operator to admit 0x${ctx.sender.toHexString()}`);
  setMember(ctx, ctx.sender, rule);
}

/** Lets go of a chunk of the agents, from a number on, whose owners a closed hub does not let in. */
export function detachUnadmitted(unit: UnitOfWork, from: bigint): void {
  if (unit.hub.admission !== ('closed' satisfies Admission)) return;
  const { db } = unit.ctx;
  const last = unit.lastNumber('agent');
  const end = from + CHUNK;
  // Agent ids are dense: look-ups by key.
  for (let agent = from; agent <= last && agent < end; agent++) {
    const box = unit.box(agent);
    if (box?.online && !isAdmitted(db, box.owner)) detachEverywhere(unit, agent);
  }
  if (end <= last) schedule(unit, unit.now, 'unadmitted', end);
}

/** Stores a rule and returns its number. */
export function addRule(
  unit: UnitOfWork,
  rule: { readonly identity: string; readonly issuer: string; readonly audience: string; readonly note: string },
): bigint {
  const note = rule.note.slice(0, LIMITS.reasonLength);
  return unit.ctx.db.admissionRule.insert({ ...rule, id: 0n, note, admittedAt: unit.now }).id;
}

/** Records that a rule admits an identity. */
export function setMember(ctx: Ctx, identity: Ctx['sender'], rule: bigint): void {
  const { member } = ctx.db;
  if (member.identity.find(identity)) member.identity.update({ identity, rule });
  else member.insert({ identity, rule });
}

/** The rule that admits the bearer of the caller's token. */
function ruleOfToken(ctx: Ctx): bigint | undefined {
  const { jwt } = ctx.senderAuth;
  if (!jwt) return undefined;
  for (const rule of ctx.db.admissionRule.issuer.filter(jwt.issuer)) {
    if (rule.identity === '' && jwt.audience.includes(rule.audience)) return rule.id;
  }
  return undefined;
}
