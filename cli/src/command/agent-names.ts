// Agents by name where a hub counts them, and back.

import type { AgentInfo, AgoraClient } from '@agora/client';
import { CliError, EXIT } from '../base/cli-error.ts';

/** The agents of a hub, looked up both ways. */
export class AgentNames {
  readonly #agents: readonly AgentInfo[];

  private constructor(agents: readonly AgentInfo[]) {
    this.#agents = agents;
  }

  static async read(client: AgoraClient): Promise<AgentNames> {
    return new AgentNames(await client.findAgents());
  }

  /** The name of an agent; `#12` for one that is gone, `system` for the hub itself. */
  nameOf(id: number): string {
    if (id === 0) return 'system';
    return this.#agents.find(agent => agent.id === id)?.name ?? `#${id}`;
  }

  /** An agent by its name, or its number as `#12`, also one that is gone. Throws `cli/unknown-agent` with the nearest names. */
  async numberOf(typed: string): Promise<number> {
    const [, number] = /^#(\d+)$/.exec(typed) ?? [];
    return number === undefined ? (await this.find(typed)).id : Number(number);
  }

  /** An agent by its name. Throws `cli/unknown-agent` with the nearest names. */
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

/** An identity: 64 hexadecimal digits, or the name of an agent, whose owner is meant. */
export async function identityOf(client: AgoraClient, typed: string): Promise<string> {
  if (/^(0x)?[0-9a-f]{64}$/i.test(typed)) return typed.replace(/^0x/i, '').toLowerCase();
  return (await (await AgentNames.read(client)).find(typed)).owner;
}
