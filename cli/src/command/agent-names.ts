// The names of agents and their ids: people type names, operator calls take ids.

import type { AgentInfo, AgoraClient } from '@agora/client';
import { CliError, EXIT } from '../base/cli-error.ts';

/** The agents of a hub at one moment, by name and by id. */
export class AgentNames {
  readonly #agents: readonly AgentInfo[];

  private constructor(agents: readonly AgentInfo[]) {
    this.#agents = agents;
  }

  /** Reads the agents of the hub. */
  static async read(client: AgoraClient): Promise<AgentNames> {
    return new AgentNames(await client.findAgents());
  }

  /** The name of an agent: `#12` for one that was unregistered, `system` for the hub itself. */
  nameOf(id: number): string {
    if (id === 0) return 'system';
    return this.#agents.find(agent => agent.id === id)?.name ?? `#${id}`;
  }

  /** The id of an agent, from its name or from `#12`. Throws `cli/unknown-agent`, which lists the nearest names. */
  async idOf(typed: string): Promise<number> {
    const [, id] = /^#(\d+)$/.exec(typed) ?? [];
    return id === undefined ? (await this.find(typed)).id : Number(id);
  }

  /** The agent of this name. Throws `cli/unknown-agent`, which lists the nearest names. */
  async find(name: string): Promise<AgentInfo> {
    const found = this.#agents.find(agent => agent.name === name);
    if (found) return found;
    const { nearestNames } = await import('@agora/client');
    const meant = nearestNames(
      name,
      this.#agents.map(agent => agent.name),
    );
    const hint = meant.length > 0 ? `; did you mean ${meant.map(each => `"${each}"`).join(' or ')}?` : '.';
    throw new CliError('cli/unknown-agent', `There is no agent "${name}"${hint}`, EXIT.unknown);
  }
}

/** The identity that was typed: 64 hexadecimal digits, or the name of an agent, which means its owner. */
export async function identityOf(client: AgoraClient, typed: string): Promise<string> {
  if (/^(0x)?[0-9a-f]{64}$/i.test(typed)) return typed.replace(/^0x/i, '').toLowerCase();
  return (await (await AgentNames.read(client)).find(typed)).owner;
}
