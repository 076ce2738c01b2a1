// Discovery: the public table of agents, subscribed on first use.

import type { DbConnection } from '@agora/bindings';
import { SIGN, type AgentStatus, type Presence } from '@agora/module/contract';
import type { Connection } from '../connection/connection.ts';
import { ChangeLoops } from '../base/change-loops.ts';
import { AgoraError } from '../base/errors.ts';
import { parseObject } from '../base/json.ts';
import { checkKeys, type Keys } from '../base/known-keys.ts';
import { LiveQuery } from '../connection/live-query.ts';
import { unmarked } from './takeover.ts';

/** A row of the public table of agents. */
export type AgentRow = Parameters<Parameters<DbConnection['db']['agent']['onInsert']>[0]>[1];

/** Public data of an agent. */
export interface AgentInfo {
  readonly id: number;
  readonly name: string;
  readonly agentType: string;
  readonly capabilities: readonly string[];
  /** Status that the agent sets. */
  readonly status: AgentStatus;
  /** State of its connection, as the hub knows it. */
  readonly presence: Presence;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Identity of its owner, in hexadecimal. */
  readonly owner: string;
  readonly registeredAt: Date;
  readonly updatedAt: Date;
}

/** Filters of agents; an agent must match all that are set, and have all capabilities. */
export interface AgentFilters {
  readonly capabilities?: readonly string[] | undefined;
  readonly status?: AgentStatus | undefined;
  readonly presence?: Presence | undefined;
  readonly agentType?: string | undefined;
  readonly name?: string | undefined;
}

const FILTERS: Keys<AgentFilters> = {
  capabilities: true,
  status: true,
  presence: true,
  agentType: true,
  name: true,
};

/** Finds agents; subscribes to their table on first use. */
export class Agents {
  readonly #connection: Connection;
  readonly #query: LiveQuery;
  readonly #loops = new ChangeLoops();

  constructor(connection: Connection) {
    this.#connection = connection;
    const changed = () => this.#loops.changed();
    this.#query = new LiveQuery(connection, {
      query: 'SELECT * FROM agent',
      listen: db => {
        db.db.agent.onInsert(changed);
        db.db.agent.onUpdate(changed);
        db.db.agent.onDelete(changed);
      },
      applied: changed,
    });
    connection.onLost(error => {
      if (connection.state === 'closed') this.#loops.end(error);
      else this.#loops.changed();
    });
  }

  /** Returns matching agents in the order of their registration. */
  async find(filters: AgentFilters): Promise<AgentInfo[]> {
    checkFilters(filters);
    const found: AgentRow[] = [];
    for (const row of await this.#rows()) if (isWanted(row, filters)) found.push(row);
    found.sort((a, b) => (a.id < b.id ? -1 : 1));
    return found.map(infoOf);
  }

  /**
   * Yields matching agents, and again after each change of any agent, until the client is closed or `signal` aborts. Changes
   * between two turns of the loop are merged. Throws when the connection has ended.
   */
  watch(filters: AgentFilters, signal?: AbortSignal): AsyncGenerator<readonly AgentInfo[], void> {
    checkFilters(filters);
    return this.#loops.watch(() => this.find(filters), signal);
  }

  /** Returns the names of all agents and, with their sign, of all capabilities. */
  async targets(): Promise<Set<string>> {
    const names = new Set<string>();
    for (const row of await this.#rows()) {
      names.add(row.name);
      for (const each of row.capabilities) names.add(`${SIGN.capability}${each}`);
    }
    return names;
  }

  /** Returns undefined while disconnected: the next connection reports a change. */
  async #rows(): Promise<Iterable<AgentRow>> {
    await this.#query.open();
    const session = await this.#connection.ready();
    return session.db.db.agent.iter();
  }
}

function checkFilters(filters: AgentFilters): void {
  checkKeys('the filters of agents', filters, FILTERS);
  const { capabilities } = filters;
  if (capabilities !== undefined && !Array.isArray(capabilities))
    throw new AgoraError('client/bad-option', `capabilities is a list, not ${typeof capabilities}`);
}

function isWanted(row: AgentRow, filters: AgentFilters): boolean {
  const { capabilities, status, presence, agentType, name } = filters;
  return (
    (status === undefined || row.status === status) &&
    (presence === undefined || row.presence === presence) &&
    (agentType === undefined || row.agentType === agentType) &&
    (name === undefined || row.name === name) &&
    (capabilities === undefined || capabilities.every(each => row.capabilities.includes(each)))
  );
}

function infoOf(row: AgentRow): AgentInfo {
  return {
    id: Number(row.id),
    name: row.name,
    agentType: row.agentType,
    capabilities: row.capabilities,
    status: row.status as AgentStatus, // the module stores only these words
    presence: row.presence as Presence,
    metadata: unmarked(parseObject(row.metadata)),
    owner: row.owner.toHexString(),
    registeredAt: row.registeredAt.toDate(),
    updatedAt: row.updatedAt.toDate(),
  };
}
