// `agora claims`: lists the claims of all agents, or those on paths.

import type { ClaimInfo } from '@agora/client';
import { repositoryOf } from '@agora/mcp/hook';
import { z } from 'zod';
import type { Output } from '../../base/output.ts';
import { defineCommand } from '../../command/command.ts';
import { claimPaths } from './claimant.ts';

export default defineCommand({
  input: z.object({ paths: z.array(z.string()).default([]), agent: z.string().optional() }),
  async run(context, { paths, agent }) {
    const on = paths.length === 0 ? undefined : claimPaths(context, await repositoryOf(context.io.cwd), paths);
    const client = await context.connect();
    const claims = await client.claims({ agent, on });
    if (claims.length === 0) context.output.note('There are no such claims.');
    await context.output.table(claims, columns(context.output));
  },
});

function columns(output: Output): Readonly<Record<string, (claim: ClaimInfo) => string>> {
  return {
    RESOURCES: ({ resources }) => resources.map(({ kind, key }) => (kind === 'name' ? `name:${key}` : key)).join(' '),
    AGENT: claim => claim.agent,
    STATE: ({ state, shared }) => output.paint(state === 'held' ? 'green' : 'dim', shared ? `${state}, shared` : state),
    NUMBER: claim => String(claim.number),
    UNTIL: claim => claim.until.toLocaleString(),
    NOTE: claim => claim.note,
    ID: claim => claim.id,
  };
}
