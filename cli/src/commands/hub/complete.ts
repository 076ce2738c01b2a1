// `agora __complete`: asked by the shell's script for what may come next.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { agentNames, workflowIds } from '../../completion/look-up-names.ts';
import { suggest } from '../../completion/suggest.ts';
import { GLOBAL_FLAGS } from '../../command/global-flags.ts';
import { COMMANDS, GROUPS } from '../index.ts';

export default defineCommand({
  input: z.object({ words: z.array(z.string()).default([]) }),
  async run(context, { words }) {
    const { words: fixed, lookUp } = suggest({ commands: COMMANDS, groups: GROUPS, globals: GLOBAL_FLAGS }, words);
    const found = [...fixed];
    if (lookUp === 'agents') found.push(...(await agentNames(context)));
    if (lookUp === 'workflows') found.push(...(await workflowIds(context)));
    const current = words.at(-1) ?? '';
    for (const [word, summary] of found) {
      if (word.startsWith(current)) await context.output.data({ word, summary }, () => `${word}\t${summary}`);
    }
    if (lookUp === 'files') await context.output.data({ files: true }, () => ':files');
  },
});
