// `agora operator expel`: removes an admission rule.

import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ rule: z.string().regex(/^\d{1,19}$/, 'a number that `agora operator admission` shows') }),
  async run(context, { rule }) {
    const client = await context.connect();
    const { rules } = await client.operator.admissions();
    if (!rules.some(each => each.id === BigInt(rule))) {
      const sentence = `There is no rule ${rule}; \`agora operator admission\` lists the rules.`;
      throw new CliError('cli/unknown-rule', sentence, EXIT.unknown);
    }
    await client.operator.expel(BigInt(rule));
    await context.output.data({ rule: Number(rule), done: 'expelled' }, () => `rule ${rule} removed`);
  },
});
