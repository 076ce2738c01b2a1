// Admission: the mode of the hub, and the rules that admit identities to a closed one.

import { isAdmitted } from '../access.ts';
import { detachAgent } from '../agent/presence.ts';
import { LIMITS } from '../contract/limits.ts';
import { type Admission, ADMISSIONS } from '../contract/words.ts';
import type { Details } from '../event/append.ts';
import { writeHub } from '../hub.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** The issuer of the tokens that a server gives to any client. */
const OWN_ISSUER = 'localhost';
const CHUNK = 256n;

/** Opens or closes the hub. Closing it detaches the agents of identities that are not admitted. */
export function setMode(unit: UnitOfWork, mode: string): Details | undefined {
  const admission = ADMISSIONS.find(each => each === mode);
  if (!admission) refuse('hub/bad-admission', `a hub is "open" or "closed", not "${mode.slice(0, 32)}"`);
  if (unit.hub.admission === admission) return undefined;
  writeHub(unit.ctx.db, { admission });
  schedule(unit, unit.now, 'unadmitted', 1n);
  return { mode };
}

/** Adds a rule that admits one identity. Idempotent. */
export function admitOne(unit: UnitOfWork, identity: Ctx['sender'], note: string): Details | undefined {
  if (identity.__identity__ === 0n) refuse('hub/bad-admission', 'the rule names no identity');
  const { member, admissionRule } = unit.ctx.db;
  const hex = identity.toHexString();
  const earlier = member.identity.find(identity);
  if (earlier && admissionRule.id.find(earlier.rule)?.identity === hex) return undefined;
  const rule = addRule(unit, { identity: hex, issuer: '', audience: '', note });
  setMember(unit.ctx, identity, rule);
  return { rule: Number(rule), identity: hex };
}

/** Adds a rule that admits every token of an issuer for an audience. Idempotent. */
export function admitAllOf(
  unit: UnitOfWork,
  { issuer, audience, note }: { readonly issuer: string; readonly audience: string; readonly note: string },
): Details | undefined {
  if (issuer === '' || audience === '')
    refuse('hub/bad-admission', 'name an issuer and the audience that its tokens are for');
  if (issuer === OWN_ISSUER)
    refuse('hub/bad-admission', `"${OWN_ISSUER}" gives tokens to any client; admit identities one by one`);
  if (issuer.length > LIMITS.reasonLength || audience.length > LIMITS.reasonLength)
    refuse('hub/bad-admission', `an issuer and an audience have at most ${LIMITS.reasonLength} characters`);
  for (const row of unit.ctx.db.admissionRule.issuer.filter(issuer)) if (row.audience === audience) return undefined;
  const rule = addRule(unit, { identity: '', issuer, audience, note });
  return { rule: Number(rule), issuer, audience };
}

/** Deletes a rule. On a closed hub, agents of identities that are no longer admitted are detached. */
export function removeRule(unit: UnitOfWork, rule: bigint): Details | undefined {
  const { admissionRule } = unit.ctx.db;
  const row = admissionRule.id.find(rule);
  if (!row) return undefined;
  admissionRule.id.delete(rule);
  schedule(unit, unit.now, 'unadmitted', 1n);
  return { rule: Number(rule), identity: row.identity, issuer: row.issuer, audience: row.audience };
}

/** Makes the caller a member if a rule admits the issuer of its token, or refuses it. */
export function admitByToken(ctx: Ctx): void {
  const rule = ruleOfToken(ctx);
  if (rule === undefined)
    refuse('hub/not-admitted', `this hub is closed; ask an operator to admit 0x${ctx.sender.toHexString()}`);
  setMember(ctx, ctx.sender, rule);
}

/** Timer: detaches the agents of a closed hub whose owners are not admitted, in chunks from agent `from` on. */
export function detachUnadmitted(unit: UnitOfWork, from: bigint): void {
  if (unit.hub.admission !== ('closed' satisfies Admission)) return;
  const { db } = unit.ctx;
  const last = unit.lastNumber('agent');
  const end = from + CHUNK;
  // Agent ids are dense: look-ups by key.
  for (let agent = from; agent <= last && agent < end; agent++) {
    const box = unit.box(agent);
    if (box?.online && !isAdmitted(db, box.owner)) detachAgent(unit, agent);
  }
  if (end <= last) schedule(unit, unit.now, 'unadmitted', end);
}

/** Stores a rule and returns its number. */
function addRule(
  unit: UnitOfWork,
  rule: { readonly identity: string; readonly issuer: string; readonly audience: string; readonly note: string },
): bigint {
  const note = rule.note.slice(0, LIMITS.reasonLength);
  return unit.ctx.db.admissionRule.insert({ ...rule, id: 0n, note, admittedAt: unit.now }).id;
}

/** Records that a rule admits an identity. */
function setMember(ctx: Ctx, identity: Ctx['sender'], rule: bigint): void {
  const { member } = ctx.db;
  if (member.identity.find(identity)) member.identity.update({ identity, rule });
  else member.insert({ identity, rule });
}

/** Returns the rule that admits the token of the caller. */
function ruleOfToken(ctx: Ctx): bigint | undefined {
  const { jwt } = ctx.senderAuth;
  if (!jwt) return undefined;
  for (const rule of ctx.db.admissionRule.issuer.filter(jwt.issuer)) {
    if (rule.identity === '' && jwt.audience.includes(rule.audience)) return rule.id;
  }
  return undefined;
}
