// Names that the hub knows, asked for by SQL over HTTP: nobody waits for a shell that loads a client.

import { defaultTokenStore } from '@agora/client/node';
import { z } from 'zod';
import type { Context } from '../command/command-context.ts';

const ANSWER_WITHIN_MS = 1_500;
const Answer = z.array(z.object({ rows: z.array(z.array(z.unknown())) }));

/** The agents, and what they can do; nothing where no hub answers. */
export async function agentNames(context: Context): Promise<[string, string][]> {
  const rows = await select(context, 'SELECT name, capabilities, agent_type FROM agent');
  const names: [string, string][] = [];
  const capabilities = new Set<string>();
  for (const [name, able, type] of rows) {
    if (typeof name !== 'string') continue;
    names.push([name, typeof type === 'string' ? type : '']);
    if (Array.isArray(able)) for (const each of able) capabilities.add(String(each));
  }
  return [
    ...names,
    ...[...capabilities].sort().map((each): [string, string] => [`@${each}`, 'an agent that can do it']),
  ];
}

/** The workflows that one follows. */
export async function workflowIds(context: Context): Promise<[string, string][]> {
  const rows = await select(context, 'SELECT id, type, status FROM my_workflows');
  return rows.map(([id, type, status]): [string, string] => [String(id), `${String(type)} ${String(status)}`]);
}

async function select(context: Context, query: string): Promise<unknown[][]> {
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
    return response.ok ? (Answer.parse(await response.json())[0]?.rows ?? []) : [];
  } catch {
    // A shell that completes has nobody to complain to.
    return [];
  }
}
