// `agora dead list`: what was given up, and why.

import type { DeadLetter } from '@agora/client';
import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { oneLine } from '../../base/printable-text.ts';
import { wholeNumber } from '../../base/flag-schemas.ts';
import { filterOf, findLetters, letterFlags } from './filters.ts';
import { AgentNames } from '../../command/agent-names.ts';

const REASON_SHOWN = 60;

export default defineCommand({
  input: z.object({ ...letterFlags, limit: wholeNumber(1, 1_000_000) }),
  async run(context, { limit, ...asked }) {
    const { output } = context;
    const client = await context.connect();
    const names = await AgentNames.read(client);
    const found: DeadLetter[] = [];
    let isMore = false;
    for await (const letter of findLetters(client, await filterOf(names, asked))) {
      isMore = found.length === limit;
      if (isMore) break;
      found.push(letter);
    }
    const rows = found.map(letter => ({
      ...letter,
      agent: names.nameOf(letter.agent),
      sender: names.nameOf(letter.sender),
    }));
    await output.table(rows, {
      NO: row => String(row.no),
      FOR: row => row.agent,
      FROM: row => row.sender,
      TYPE: row => row.type,
      AT: row => row.at.toLocaleString(),
      REASON: row => oneLine(row.reason).slice(0, REASON_SHOWN),
    });
    if (found.length === 0) output.note('No dead letters.');
    if (isMore) output.note(`There are more; --limit ${limit * 10} shows them.`);
  },
});
