// Looks up names on the hub by SQL over HTTP, since loading the client would make completion slow.

import { defaultTokenStore } from '@agora/client/node';
import { z } from 'zod';
import type { CommandContext } from '../command/command-context.ts';

const ANSWER_WITHIN_MS = 1_500;
const SqlResult = z.array(z.object({ rows: z.array(z.array(z.unknown())) }));

/** The agents and their capabilities; empty if no hub answers. */
export async function agentNames(context: CommandContext): Promise<[string, string][]> {
  const rows = await select(context, 'SELECT name, capabilities, agent_type FROM agent');
  const names: [string, string][] = [];
  const capabilities = new Set<string>();
  for (const [name, announced, type] of rows) {
    if (typeof name !== 'string') continue;
    names.push([name, typeof type === 'string' ? type : '']);
    if (Array.isArray(announced)) for (const each of announced) capabilities.add(String(each));
  }
  return [
    ...names,
    ...[...capabilities].sort().map((each): [string, string] => [`@${each}`, 'an agent with this capability']),
  ];
}

/** The workflows that the user watches; empty if no hub answers. */
export async function workflowIds(context: CommandContext): Promise<[string, string][]> {
  const rows = await select(context, 'SELECT id, type, status FROM my_workflows');
  return rows.map(([id, type, status]): [string, string] => [String(id), `${String(type)} ${String(status)}`]);
}

async function select(context: CommandContext, query: string): Promise<unknown[][]> {
  const { server, database, token } = context.settings;
  try {
    const known = token ?? (await defaultTokenStore(server, database).load());
    const base = server.replace(/^ws/, 'http').replace(/\/?$/, '/');
    const response = await fetch(new URL(`v1/database/${encodeURIComponent(database)}/sql`, base), {
      method: 'POST',
      body: query,
      headers: known === undefined ? {} : { authorization: `Bearer ${known}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return response.ok ? (SqlResult.parse(await response.json())[0]?.rows ?? []) : [];
  } catch {
    // Completion has no place to show an error.
    return [];
  }
}
