// `agora dead list`: lists dead letters with their reasons.

import type { DeadLetter } from '@agora/client';
import { z } from 'zod';
import { wholeNumber } from '../../base/flag-schemas.ts';
import { oneLine } from '../../base/printable-text.ts';
import { AgentNames } from '../../command/agent-names.ts';
import { defineCommand } from '../../command/command.ts';
import { filterOf, findDeadLetters, filterFlags } from './filters.ts';

const MAX_REASON_LENGTH = 60;

export default defineCommand({
  input: z.object({ ...filterFlags, limit: wholeNumber(1, 1_000_000) }),
  async run(context, { limit, ...filters }) {
    const { output } = context;
    const client = await context.connect();
    const names = await AgentNames.read(client);
    const found: DeadLetter[] = [];
    let hasMore = false;
    for await (const letter of findDeadLetters(client, await filterOf(names, filters))) {
      hasMore = found.length === limit;
      if (hasMore) break;
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
      AT: row => output.date(row.at),
      REASON: row => oneLine(row.reason).slice(0, output.isTerminal ? MAX_REASON_LENGTH : undefined),
    });
    if (found.length === 0) output.note('No dead letters.');
    if (hasMore) output.note(`There are more; show them with --limit ${limit * 10}.`);
  },
});
