// `agora __complete`: prints the completions of a command line, for the shell scripts of `agora completion`.

import { z } from 'zod';
import { defineCommand, type Command, type CommandTable } from '../../command/command.ts';
import { agentNames, workflowIds } from '../../completion/look-up-names.ts';
import { suggest } from '../../completion/suggest.ts';

/** Makes the command; it completes the commands of `table`. */
export function completeCommand(table: CommandTable): Command {
  return defineCommand({
    input: z.object({ words: z.array(z.string()).default([]) }),
    async run(context, { words }) {
      const { words: fixed, lookUp } = suggest(table, words);
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
}
