// Who a hub lets in: everybody while it is open; while it is closed, operators and those whom a rule admits.

import { t } from 'spacetimedb/server';
import { isAdmitted, requireOperator } from '../access.ts';
import { letGo } from '../agent/presence.ts';
import { LIMITS } from '../contract/limits.ts';
import { ADMISSIONS, type Admission } from '../contract/words.ts';
import type { Desk } from '../desk.ts';
import { hubOf, writeHub } from '../hub.ts';
import { keepLooking } from '../message/retention.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';
import { remember } from '../time/due.ts';
import { asOperator } from './record.ts';

/** The issuer of the tokens that the server itself gives to anybody. */
const OWN_ISSUER = 'localhost';
const CHUNK = 256n;

/** Opens the hub to everybody, or closes it to all but operators and the admitted; whoever else is attached is let go. */
export const setAdmission = agora.reducer({ mode: t.string() }, (ctx, { mode }) => {
  asOperator(ctx, 'set_admission', desk => {
    const admission = ADMISSIONS.find(each => each === mode);
    if (!admission) refuse('hub/bad-admission', `a hub is "open" or "closed", not "${mode.slice(0, 32)}"`);
    if (desk.hub.admission === admission) return undefined;
    writeHub(ctx.db, { admission });
    remember(desk, desk.now, 'unadmitted', 1n);
    return { mode };
  });
});

/** Lets one identity in. Saying it again does nothing. */
export const admitIdentity = agora.reducer({ identity: t.identity(), note: t.string() }, (ctx, { identity, note }) => {
  asOperator(ctx, 'admit_identity', desk => {
    if (identity.__identity__ === 0n) refuse('hub/bad-admission', 'the rule names no identity');
    const { member, admissionRule } = ctx.db;
    const hex = identity.toHexString();
    const earlier = member.identity.find(identity);
    if (earlier && admissionRule.id.find(earlier.rule)?.identity === hex) return undefined;
    const rule = addRule(desk, { identity: hex, issuer: '', audience: '', note });
    setMember(ctx, identity, rule);
    return { rule: Number(rule), identity: hex };
  });
});

/** Lets all in whom an issuer names to an audience. Saying it again does nothing. */
export const admitIssuer = agora.reducer(
  { issuer: t.string(), audience: t.string(), note: t.string() },
  (ctx, { issuer, audience, note }) => {
    asOperator(ctx, 'admit_issuer', desk => {
      if (issuer === '' || audience === '')
        refuse('hub/bad-admission', 'name an issuer and the audience that its tokens are for');
      if (issuer === OWN_ISSUER)
        refuse('hub/bad-admission', `"${OWN_ISSUER}" gives tokens to anybody; admit identities one by one`);
      if (issuer.length > LIMITS.reasonLength || audience.length > LIMITS.reasonLength)
        refuse('hub/bad-admission', `an issuer and an audience have ${LIMITS.reasonLength} characters at most`);
      for (const row of ctx.db.admissionRule.issuer.filter(issuer)) if (row.audience === audience) return undefined;
      const rule = addRule(desk, { identity: '', issuer, audience, note });
      return { rule: Number(rule), issuer, audience };
    });
  },
);

/** Takes a rule back. On a closed hub the agents of whoever is not admitted any more are let go. */
export const expel = agora.reducer({ rule: t.u64() }, (ctx, { rule }) => {
  asOperator(ctx, 'expel', desk => {
    const row = ctx.db.admissionRule.id.find(rule);
    if (!row) return undefined;
    ctx.db.admissionRule.id.delete(rule);
    remember(desk, desk.now, 'unadmitted', 1n);
    return { rule: Number(rule), identity: row.identity, issuer: row.issuer, audience: row.audience };
  });
});

/** On an open hub connecting writes nothing. A closed one refuses who is not admitted, and notes once whom an issuer names. */
export const onConnect = agora.clientConnected(ctx => {
  keepLooking(ctx);
  if (hubOf(ctx.db).admission !== 'closed' || isAdmitted(ctx.db, ctx.sender)) return;
  const rule = ruleOfToken(ctx);
  if (rule === undefined)
    refuse('hub/not-admitted', `this hub is closed; ask an operator to admit 0x${ctx.sender.toHexString()}`);
  setMember(ctx, ctx.sender, rule);
});

/** Lets go of a chunk of the agents, from a number on, whose owners a closed hub does not let in. */
export function letGoUnadmitted(desk: Desk, from: bigint): void {
  if (desk.hub.admission !== ('closed' satisfies Admission)) return;
  const { db } = desk.ctx;
  const last = desk.lastNumber('agent');
  const end = from + CHUNK;
  // Agent ids are dense: look-ups by key.
  for (let agent = from; agent <= last && agent < end; agent++) {
    const box = desk.box(agent);
    if (box?.online && !isAdmitted(db, box.owner)) letGo(desk, agent);
  }
  if (end <= last) remember(desk, desk.now, 'unadmitted', end);
}

const AdmissionRow = t.object('AdmissionRow', {
  id: t.u64(),
  identity: t.string(),
  issuer: t.string(),
  audience: t.string(),
  note: t.string(),
  admittedAt: t.i64(),
});
const Admissions = t.object('Admissions', { mode: t.string(), rules: t.array(AdmissionRow) });

/** Whether the hub is open, and its first 1,000 rules; for operators. */
export const listAdmissions = agora.procedure(Admissions, ctx =>
  ctx.withTx(tx => {
    requireOperator(tx);
    const rules = [];
    for (const rule of tx.db.admissionRule.iter()) {
      if (rules.length === 1_000) break;
      rules.push(rule);
    }
    return { mode: hubOf(tx.db).admission, rules };
  }),
);

function addRule(
  desk: Desk,
  rule: { readonly identity: string; readonly issuer: string; readonly audience: string; readonly note: string },
): bigint {
  const note = rule.note.slice(0, LIMITS.reasonLength);
  return desk.ctx.db.admissionRule.insert({ ...rule, id: 0n, note, admittedAt: desk.now }).id;
}

function setMember(ctx: Ctx, identity: Ctx['sender'], rule: bigint): void {
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
