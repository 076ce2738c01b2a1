// Groups of agents. A message to `#name` is delivered to each member.

import { type GroupPolicy, LIMITS, SIGN } from '@agora/module/contract';
import { toAgoraError } from '../base/errors.ts';
import { dateOf } from '../base/micros.ts';
import { withSuggestion } from '../base/nearest-names.ts';
import type { Connection } from '../connection/connection.ts';

/** A group that this agent is in. */
export interface GroupInfo {
  /** With its sign, as the target of a message. */
  readonly name: string;
  /** Number of members. */
  readonly members: number;
}

/** A change of the members of a group. */
export interface GroupChange {
  /** Its number; pass the last one as `after` to read on. */
  readonly no: bigint;
  readonly agent: string;
  readonly change: 'joined' | 'left';
  readonly at: Date;
}

/** Owner, policy and changes of a group. */
export interface GroupHistory {
  readonly owner: string;
  readonly policy: GroupPolicy;
  readonly changes: readonly GroupChange[];
}

/** The groups of this client's agent. */
export class Groups {
  readonly #connection: Connection;
  readonly #agent: () => bigint;

  constructor(connection: Connection, agent: () => bigint) {
    this.#connection = connection;
    this.#agent = agent;
  }

  async join(group: string): Promise<void> {
    const agent = this.#agent();
    await this.#connection.call('join_group', db => db.reducers.joinGroup({ agent, group }));
  }

  async create(group: string, policy: GroupPolicy): Promise<void> {
    const agent = this.#agent();
    await this.#connection.call('create_group', db => db.reducers.createGroup({ agent, group, policy }));
  }

  async invite(group: string, name: string): Promise<void> {
    const agent = this.#agent();
    await this.#connection.call('invite_to_group', db => db.reducers.inviteToGroup({ agent, group, name }));
  }

  async remove(group: string, name: string): Promise<void> {
    const agent = this.#agent();
    await this.#connection.call('remove_from_group', db => db.reducers.removeFromGroup({ agent, group, name }));
  }

  async changes(group: string, after: bigint): Promise<GroupHistory> {
    const agent = this.#agent();
    const { owner, policy, rows } = await this.#connection.call('group_changes', db =>
      db.procedures.groupChanges({ agent, group, after, limit: LIMITS.page }),
    );
    const changes = rows.map(({ no, name, change, at }) => ({
      no,
      agent: name,
      change: change as GroupChange['change'], // the module writes both
      at: dateOf(at),
    }));
    return { owner, policy: policy as GroupPolicy, changes };
  }

  async leave(group: string): Promise<void> {
    const agent = this.#agent();
    await this.#connection.call('leave_group', db => db.reducers.leaveGroup({ agent, group }));
  }

  async list(): Promise<GroupInfo[]> {
    const agent = this.#agent();
    const groups = await this.#connection.call('my_groups', db => db.procedures.myGroups({ agent }));
    return groups.map(({ name, members }) => ({ name: `${SIGN.group}${name}`, members }));
  }

  async members(group: string): Promise<string[]> {
    const agent = this.#agent();
    return this.#connection
      .call('group_members', db => db.procedures.groupMembers({ agent, group }))
      .catch((error: unknown) => this.#explain(error, group));
  }

  /** Returns the names of the groups of this agent, with their sign. */
  async names(): Promise<string[]> {
    return (await this.list()).map(({ name }) => name);
  }

  /** Adds similar names of own groups to the refusal of an unknown one. */
  async #explain(error: unknown, group: string): Promise<never> {
    if (toAgoraError(error).code !== 'group/unknown') throw error;
    throw await withSuggestion(error, group, () => this.names());
  }
}
