// Who is let in: `agora operator admission`, `admit` and `expel`.

import { ADMISSIONS } from '@agora/module/contract';
import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { oneLine } from '../../base/printable-text.ts';
import { identityOf } from '../../command/agent-names.ts';

/** `agora operator admission`: shows the mode and the rules, or changes the mode. */
export const admission = defineCommand({
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
      now === 'open' ? 'open: whoever reaches the hub is let in' : 'closed: operators and the admitted are let in',
    );
    if (output.isJson) return;
    await output.table(shown, {
      RULE: rule => String(rule.rule),
      ADMITS: ({ identity, issuer, audience }) => (identity === '' ? `${issuer} for ${audience}` : identity),
      NOTE: rule => oneLine(rule.note),
      SINCE: rule => rule.admittedAt.toLocaleString(),
    });
  },
});

/** `agora operator admit`. */
export const admit = defineCommand({
  input: z.object({
    who: z.string().optional(),
    issuer: z.string().optional(),
    audience: z.string().optional(),
    note: z.string().default(''),
  }),
  async run(context, { who, issuer, audience, note }) {
    if ((who === undefined) === (issuer === undefined)) {
      throw new CliError('cli/usage', 'Name an identity or an agent, or give --issuer and --audience.', EXIT.usage);
    }
    if ((issuer === undefined) !== (audience === undefined)) {
      throw new CliError('cli/usage', '--issuer and --audience go together.', EXIT.usage);
    }
    const { output } = context;
    const client = await context.connect();
    if (issuer !== undefined && audience !== undefined) {
      await client.operator.admitIssuer(issuer, audience, note);
      return output.data({ issuer, audience, done: 'admitted' }, () => `${issuer} for ${audience} admitted`);
    }
    const identity = await identityOf(client, who ?? '');
    await client.operator.admitIdentity(identity, note);
    await output.data({ identity, done: 'admitted' }, () => `${identity} admitted`);
  },
});

/** `agora operator expel`. */
export const expel = defineCommand({
  input: z.object({ rule: z.string().regex(/^\d{1,19}$/, 'a number that `agora operator admission` shows') }),
  async run(context, { rule }) {
    const client = await context.connect();
    const { rules } = await client.operator.admissions();
    if (!rules.some(each => each.id === BigInt(rule))) {
      throw new CliError(
        'cli/unknown-rule',
        `There is no rule ${rule}; \`agora operator admission\` lists them.`,
        EXIT.unknown,
      );
    }
    await client.operator.expel(BigInt(rule));
    await context.output.data({ rule: Number(rule), done: 'expelled' }, () => `rule ${rule} taken back`);
  },
});
