// Who may use the hub: any identity while it is open; operators and admitted identities while it is closed.

import { t } from 'spacetimedb/server';
import { requireOperator } from '../access.ts';
import { LIMITS } from '../contract/limits.ts';
import { ADMISSIONS } from '../contract/words.ts';
import { hubOf, writeHub } from '../hub.ts';
import { addRule, OWN_ISSUER, setMember } from '../operator/admission.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import { asOperator } from './call.ts';

/** Opens the hub to everybody, or closes it to all but operators and the admitted; whoever else is attached is let go. */
export const setAdmission = agora.reducer({ mode: t.string() }, (ctx, { mode }) => {
  asOperator(ctx, 'set_admission', unit => {
    const admission = ADMISSIONS.find(each => each === mode);
    if (!admission) refuse('hub/bad-admission', `a hub is "open" or "closed", not "${mode.slice(0, 32)}"`);
    if (unit.hub.admission === admission) return undefined;
    writeHub(ctx.db, { admission });
    schedule(unit, unit.now, 'unadmitted', 1n);
    return { mode };
  });
});

/** Lets one identity in. Saying it again does nothing. */
export const admitIdentity = agora.reducer({ identity: t.identity(), note: t.string() }, (ctx, { identity, note }) => {
  asOperator(ctx, 'admit_identity', unit => {
    if (identity.__identity__ === 0n) refuse('hub/bad-admission', 'the rule names no identity');
    const { member, admissionRule } = ctx.db;
    const hex = identity.toHexString();
    const earlier = member.identity.find(identity);
    if (earlier && admissionRule.id.find(earlier.rule)?.identity === hex) return undefined;
    const rule = addRule(unit, { identity: hex, issuer: '', audience: '', note });
    setMember(ctx, identity, rule);
    return { rule: Number(rule), identity: hex };
  });
});

/** Lets all in whom an issuer names to an audience. Saying it again does nothing. */
export const admitIssuer = agora.reducer(
  { issuer: t.string(), audience: t.string(), note: t.string() },
  (ctx, { issuer, audience, note }) => {
    asOperator(ctx, 'admit_issuer', unit => {
      if (issuer === '' || audience === '')
        refuse('hub/bad-admission', 'name an issuer and the audience that its tokens are for');
      if (issuer === OWN_ISSUER)
        refuse('hub/bad-admission', `"${OWN_ISSUER}" gives tokens to anybody; admit identities one by one`);
      if (issuer.length > LIMITS.reasonLength || audience.length > LIMITS.reasonLength)
        refuse('hub/bad-admission', `an issuer and an audience have ${LIMITS.reasonLength} characters at most`);
      for (const row of ctx.db.admissionRule.issuer.filter(issuer)) if (row.audience === audience) return undefined;
      const rule = addRule(unit, { identity: '', issuer, audience, note });
      return { rule: Number(rule), issuer, audience };
    });
  },
);

/** Takes a rule back. On a closed hub the agents of whoever is not admitted any more are let go. */
export const expel = agora.reducer({ rule: t.u64() }, (ctx, { rule }) => {
  asOperator(ctx, 'expel', unit => {
    const row = ctx.db.admissionRule.id.find(rule);
    if (!row) return undefined;
    ctx.db.admissionRule.id.delete(rule);
    schedule(unit, unit.now, 'unadmitted', 1n);
    return { rule: Number(rule), identity: row.identity, issuer: row.issuer, audience: row.audience };
  });
});

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
