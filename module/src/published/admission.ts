// Admission to the hub: any identity while it is open; operators and admitted identities while it is closed.

import { t } from 'spacetimedb/server';
import { requireOperator } from '../access.ts';
import { hubOf } from '../hub.ts';
import { admitAllOf, admitOne, removeRule, setMode } from '../operator/admission.ts';
import { agora } from '../schema.ts';
import { asOperator } from './call.ts';

/** Opens the hub to all identities, or closes it to all but operators and admitted ones; for operators. */
export const setAdmission = agora.reducer({ mode: t.string() }, (ctx, { mode }) => {
  asOperator(ctx, 'set_admission', unit => setMode(unit, mode));
});

/** Admits one identity; for operators. Idempotent. */
export const admitIdentity = agora.reducer({ identity: t.identity(), note: t.string() }, (ctx, { identity, note }) => {
  asOperator(ctx, 'admit_identity', unit => admitOne(unit, identity, note));
});

/** Admits the bearers of all tokens of an issuer for an audience; for operators. Idempotent. */
export const admitIssuer = agora.reducer(
  { issuer: t.string(), audience: t.string(), note: t.string() },
  (ctx, rule) => {
    asOperator(ctx, 'admit_issuer', unit => admitAllOf(unit, rule));
  },
);

/** Deletes an admission rule; for operators. A closed hub detaches the agents of identities that are no longer admitted. */
export const expel = agora.reducer({ rule: t.u64() }, (ctx, { rule }) => {
  asOperator(ctx, 'expel', unit => removeRule(unit, rule));
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

/** Returns the mode of the hub and its first 1,000 rules; for operators. */
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
