// Checks of coding agents: whether the MCP server is installed in those that this user has, and whether it can work there.

import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Program, UserPlaces } from '@agora/mcp/install';
import type { ResolvedSettings } from '../base/settings.ts';
import { ok, skipped, warning, type Finding, type Setup } from './finding.ts';

/** Where the settings of coding agents are. */
export function placesOf(environment: Readonly<Record<string, string | undefined>>): UserPlaces {
  return { home: environment['HOME'] || homedir(), environment };
}

/** The program that coding agents start: this one. */
export function programOf({ server, database, agent, sources }: ResolvedSettings): Program {
  const script = resolve(process.argv[1] ?? '');
  // The name of one project's `agora.json` is not the name in all projects.
  return { command: process.execPath, args: [script], server, database, ...(sources.agent === 'flag' && { agent }) };
}

/** Checks each coding agent that the user has. */
export async function* checkCodingAgents({ context }: Setup): AsyncGenerator<Finding, void> {
  const { INSTALL_CLIENT_NAMES, inspectInstall } = await import('@agora/mcp/install');
  const places = placesOf(context.io.environment);
  for (const client of INSTALL_CLIENT_NAMES) {
    const { state, title, faults, isClientFound } = await inspectInstall(client, places, programOf(context.settings));
    const install = `agora mcp install ${client}`;
    if (state === 'absent' && isClientFound) yield skipped('mcp', `${title} has no Agora server; ${install} adds it`);
    else if (state === 'other') yield warning('mcp', `${title} starts another program or hub`, install);
    else if (state === 'unreadable') yield warning('mcp', `${title}: ${faults.join('; ')}`, `${install} --print`);
    else if (state === 'installed' && faults[0] !== undefined)
      yield warning('mcp', `${title}: ${faults[0]}`, faults[1] ?? install);
    else if (state === 'installed') yield ok('mcp', `${title} has the Agora server`);
  }
}
