// `agora operator admission`: shows the admission rules, or opens or closes the hub.

import { ADMISSIONS } from '@agora/module/contract';
import { z } from 'zod';
import { oneLine } from '../../base/printable-text.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ mode: z.enum(ADMISSIONS, 'open or closed').optional() }),
  async run(context, { mode }) {
    const { output } = context;
    const client = await context.connect();
    if (mode !== undefined) await client.operator.setAdmission(mode);
    const { mode: now, rules } = await client.operator.admissions();
    const shown = rules.map(({ id, identity, issuer, audience, note, admittedAt }) => ({
      rule: Number(id),
      identity,
      issuer,
      audience,
      note,
      admittedAt: new Date(Number(admittedAt / 1000n)),
    }));
    await output.data({ mode: now, rules: shown }, () =>
      now === 'open' ? 'open: every identity is admitted' : 'closed: only operators and admitted identities',
    );
    if (output.isJson) return;
    await output.table(shown, {
      RULE: rule => String(rule.rule),
      ADMITS: ({ identity, issuer, audience }) => (identity === '' ? `${issuer} for ${audience}` : identity),
      NOTE: rule => oneLine(rule.note),
      SINCE: rule => output.date(rule.admittedAt),
    });
  },
});
