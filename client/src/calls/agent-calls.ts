// Calls about agents: the agent of this client, discovery, and groups.

import type { AgentStatus, GroupPolicy } from '@agora/module/contract';
import type { AgentFilters, AgentInfo } from '../agents/agents.ts';
import type { GroupHistory, GroupInfo } from '../agents/groups.ts';
import type { ReceiveOptions } from '../agents/own-agent.ts';
import type { Registration } from '../agents/registration.ts';
import type { AgentUsage } from '../agents/usage.ts';
import { AgoraError } from '../base/errors.ts';
import { checkKeys } from '../base/known-keys.ts';
import { performUntil, untilAborted, type WaitOptions } from '../base/waiting.ts';
import type { CoordinationFilters, CoordinationQuery, CoordinationResult } from '../client-types.ts';
import { ClientBase, partsOf } from './client-base.ts';
import { checkQuery, checkReceive, checkWatch } from './known-options.ts';

/** Registers the agent of a client, and finds other agents. */
export abstract class AgentCalls extends ClientBase {
  /**
   * Registers the agent, or updates its registration, and receives its messages from now on. The outbox is sent. Idempotent.
   *
   * Throws `agent/name-taken` if another identity owns the name, `agent/bad-capability`, `agent/bad-metadata`,
   * `agent/bad-credit`.
   *
   * @example
   * ```ts
   * await client.registerAgent({ agentType: 'specialist', capabilities: ['documentation'] });
   * ```
   */
  registerAgent(registration: Registration, options: ReceiveOptions = {}): Promise<void> {
    checkReceive(options);
    const parts = partsOf(this);
    return untilAborted(options.signal, parts.begin(parts.agent.register(registration, options)));
  }

  /**
   * Attaches to the agent with its stored registration. With `receives: false` the client only sends as the agent, while
   * another process serves it. Throws `agent/unknown`, `agent/not-yours`.
   *
   * @example
   * ```ts
   * await client.resumeAgent({ receives: false });
   * ```
   */
  resumeAgent(options: ReceiveOptions = {}): Promise<void> {
    checkReceive(options);
    const parts = partsOf(this);
    return untilAborted(options.signal, parts.begin(parts.agent.takeUp(options)));
  }

  /** Receives no more messages; held ones can still be settled within 5 s. The agent stays registered. */
  detachAgent(): Promise<void> {
    return partsOf(this).agent.detach();
  }

  /** Changes parts of the registration; omitted ones stay. Throws `client/not-registered`, `agent/bad-credit`. */
  async updateAgent(changes: Partial<Registration>, options: WaitOptions = {}): Promise<void> {
    const { agent, dispatcher } = partsOf(this);
    await performUntil(options, () => agent.update(changes));
    dispatcher.credit = agent.credit;
  }

  /**
   * Sets the status of the agent: `active`, `busy`, `away`, or `draining`, which gets no new work from work queues. Throws
   * `client/not-registered`.
   *
   * @example
   * ```ts
   * await client.setStatus('busy');
   * ```
   */
  setStatus(status: AgentStatus, options: WaitOptions = {}): Promise<void> {
    return performUntil(options, () => partsOf(this).agent.setStatus(status));
  }

  /**
   * Unregisters the agent: its unfinished messages become dead letters, and its name is free. Throws `client/not-registered`.
   *
   * @example
   * ```ts
   * await client.unregisterAgent();
   * ```
   */
  async unregisterAgent(): Promise<void> {
    const { agent, broadcasts, inbox, outbox } = partsOf(this);
    const reason = new AgoraError('agent/unknown', `"${this.name}" was unregistered`);
    broadcasts.close(reason);
    outbox?.rest();
    await agent.unregister();
    inbox.close(reason);
  }

  /**
   * Returns matching agents in the order of their registration.
   *
   * @example
   * ```ts
   * const reviewers = await client.findAgents({ capabilities: ['review'], presence: 'online' });
   * ```
   */
  findAgents(filters: AgentFilters = {}, options: WaitOptions = {}): Promise<AgentInfo[]> {
    return performUntil(options, () => partsOf(this).agents.find(filters));
  }

  /**
   * Yields matching agents immediately, and again after each change. Changes between two turns of the loop are merged: it
   * gets the newest state.
   *
   * @example
   * ```ts
   * for await (const agents of client.watchAgents({ agentType: 'worker' })) console.log(agents.length);
   * ```
   */
  watchAgents(
    filters: AgentFilters = {},
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<readonly AgentInfo[], void> {
    checkWatch(options);
    return partsOf(this).agents.watch(filters, options.signal);
  }

  /**
   * Returns agents, or the workflows that this client watches.
   *
   * @example
   * ```ts
   * const idle = await client.queryCoordinationData({ type: 'agents', filters: { status: 'active' } });
   * const running = await client.queryCoordinationData({ type: 'workflows', filters: { status: 'running' } });
   * ```
   */
  async queryCoordinationData<const Type extends CoordinationQuery['type']>(
    query: { readonly type: Type; readonly filters?: CoordinationFilters[Type] | undefined },
    options: WaitOptions = {},
  ): Promise<CoordinationResult[Type][]> {
    const asked = query as CoordinationQuery; // `Type` has tied the filters to the type
    checkQuery(asked);
    const { agents, workflows } = partsOf(this);
    const found: Promise<unknown[]> = performUntil<unknown[]>(options, () =>
      asked.type === 'agents' ? agents.find(asked.filters ?? {}) : workflows.find(asked.filters?.status),
    );
    return found as Promise<CoordinationResult[Type][]>; // likewise
  }

  /** Returns the quota usage of this agent. */
  agentUsage(options: WaitOptions = {}): Promise<AgentUsage> {
    return performUntil(options, () => partsOf(this).history.usage());
  }

  /**
   * Joins a group (`#name`); the first member creates it. A message to the group is delivered to each member. Throws
   * `group/bad-name`, `group/full`.
   *
   * @example
   * ```ts
   * await client.joinGroup('#release');
   * await client.sendMessage({ to: '#release', messageType: 'status_update', payload: { status: 'building' } });
   * ```
   */
  joinGroup(name: string, options: WaitOptions = {}): Promise<void> {
    return performUntil(options, () => partsOf(this).groups.join(name));
  }

  /**
   * Creates a group of this agent, which is its owner and first member. With the policy `invitation`, only agents that it invites
   * can join; `open` by default. Its owner may call it again to change the policy. Throws `group/exists`.
   *
   * @example
   * ```ts
   * await client.createGroup('#board', { policy: 'invitation' });
   * await client.inviteToGroup('#board', 'Treasurer');
   * ```
   */
  createGroup(name: string, options: WaitOptions & { readonly policy?: GroupPolicy | undefined } = {}): Promise<void> {
    checkKeys('the options of createGroup()', options, { policy: true, signal: true });
    const { policy = 'open', signal } = options;
    return untilAborted(signal, partsOf(this).groups.create(name, policy));
  }

  /** Invites an agent to a group of this agent. Throws `group/not-owner`, `agent/unknown`. */
  inviteToGroup(name: string, agent: string, options: WaitOptions = {}): Promise<void> {
    return performUntil(options, () => partsOf(this).groups.invite(name, agent));
  }

  /** Removes an agent, or its invitation, from a group of this agent. Throws `group/not-owner`, `agent/unknown`. */
  removeFromGroup(name: string, agent: string, options: WaitOptions = {}): Promise<void> {
    return performUntil(options, () => partsOf(this).groups.remove(name, agent));
  }

  /**
   * Returns the owner and the policy of a group of this agent, and who joined and left it after the change `after`: the last 256
   * changes are kept. Throws `group/unknown`.
   */
  groupChanges(
    name: string,
    options: WaitOptions & { readonly after?: bigint | undefined } = {},
  ): Promise<GroupHistory> {
    checkKeys('the options of groupChanges()', options, { after: true, signal: true });
    const { after = 0n, signal } = options;
    return untilAborted(signal, partsOf(this).groups.changes(name, after));
  }

  /** Leaves a group, which ends with its last member. A no-op for a group that it is not in. */
  leaveGroup(name: string, options: WaitOptions = {}): Promise<void> {
    return performUntil(options, () => partsOf(this).groups.leave(name));
  }

  /** Returns the groups of this agent. */
  groups(options: WaitOptions = {}): Promise<GroupInfo[]> {
    return performUntil(options, () => partsOf(this).groups.list());
  }

  /** Returns the names of the members of a group of this agent. Throws `group/unknown`. */
  groupMembers(name: string, options: WaitOptions = {}): Promise<string[]> {
    return performUntil(options, () => partsOf(this).groups.members(name));
  }
}
