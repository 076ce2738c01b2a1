// Calls of operators. The hub checks each: non-operators get `operator/required`.

import type { DbConnection } from '@agora/bindings';
import { LIMITS, SIGN, type Admission, type DutyKind } from '@agora/module/contract';
import { Identity } from 'spacetimedb';
import type { Connection } from '../connection/connection.ts';
import { AgoraError } from '../base/errors.ts';
import { checkKeys, type Keys } from '../base/known-keys.ts';
import { reported } from '../base/reported-promise.ts';
import { dateOf, dateOrNone, microsOf } from '../base/micros.ts';
import { parseEnvelope } from '../wire/envelope.ts';
import type { GroupInfo } from './groups.ts';
import { usageOf, type AgentUsage } from './usage.ts';

type Db = DbConnection;

const QUOTA: Keys<Quota> = { rate: true, burst: true, unfinished: true, inboxLength: true, fanOut: true };
const HUB_LIMITS: Keys<HubLimits> = {
  storedBytes: true,
  keepMessagesMs: true,
  keepEventsMs: true,
  keepWorkflowsMs: true,
  hops: true,
};
const DEAD_LETTERS: Keys<DeadLetterFilter> = { agent: true, sender: true, type: true, reason: true, before: true };

/** Counters of a hub. */
export interface HubStatus {
  readonly agents: number;
  /** Connections with an attached agent. */
  readonly online: number;
  readonly messages: number;
  readonly waiting: number;
  readonly offered: number;
  readonly ended: number;
  readonly dead: number;
  readonly asks: number;
  readonly workflows: number;
  readonly events: number;
  readonly broadcasts: number;
  readonly storedBytes: number;
}

/** Limits of one agent, or of all agents without own limits. An omitted limit does not change. */
export interface Quota {
  /** Messages and events per second, and the burst above this rate. */
  readonly rate?: number | undefined;
  readonly burst?: number | undefined;
  readonly unfinished?: number | undefined;
  readonly inboxLength?: number | undefined;
  /** Recipients per minute. */
  readonly fanOut?: number | undefined;
}

/** Storage limits of the hub. An omitted limit does not change. */
export interface HubLimits {
  readonly storedBytes?: number | undefined;
  readonly keepMessagesMs?: number | undefined;
  readonly keepEventsMs?: number | undefined;
  readonly keepWorkflowsMs?: number | undefined;
  /** Messages in a chain of replies, forwards and messages on behalf of others. */
  readonly hops?: number | undefined;
}

/** Filters of dead letters; a dead letter must match all that are set. */
export interface DeadLetterFilter {
  /** Numbers of agents. */
  readonly agent?: number | undefined;
  readonly sender?: number | undefined;
  readonly type?: string | undefined;
  /** A part of the reason. */
  readonly reason?: string | undefined;
  readonly before?: Date | undefined;
}

/** A delivery without further attempts. */
export interface DeadLetter {
  readonly no: bigint;
  readonly agent: number;
  readonly sender: number;
  readonly messageId: string;
  readonly type: string;
  readonly reason: string;
  readonly at: Date;
}

/** The mailbox of an agent, or a work queue (`@capability`). */
export interface MailboxInfo {
  readonly name: string;
  readonly isOnline: boolean;
  readonly held: number;
  readonly waiting: number;
  readonly credit: number;
}

/** A queue with unfinished deliveries: of an agent, or a work queue (`@capability`). */
export interface QueueInfo {
  readonly name: string;
  readonly isOnline: boolean;
  readonly held: number;
  readonly waiting: number;
  readonly delayed: number;
  /** Time since which its oldest delivery waits. */
  readonly oldestAt: Date | undefined;
}

/** A message in a list of the whole hub. */
export interface ListedMessage {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly kind: string;
  readonly sentAt: Date;
  /** Number of its deliveries, and the state of the first one; empty without any. */
  readonly deliveries: number;
  readonly state: string;
}

/** An identity with operator rights. */
export interface OperatorInfo {
  readonly identity: string;
  readonly grantedAt: Date;
}

/** Operator calls. Every agent may list, redrive and purge its own dead letters. */
export class Operator {
  readonly #connection: Connection;

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Grants operator rights to an identity (hexadecimal). */
  grant(identity: string): Promise<void> {
    return this.#call('grant_operator', db => db.reducers.grantOperator({ identity: identityOf(identity) }));
  }
  /** Revokes operator rights, unless the identity is the last operator. */
  revoke(identity: string): Promise<void> {
    return this.#call('revoke_operator', db => db.reducers.revokeOperator({ identity: identityOf(identity) }));
  }

  /** Returns all operators. */
  async operators(): Promise<OperatorInfo[]> {
    const rows = await this.#call('list_operators', db => db.procedures.listOperators({}));
    return rows.map(({ identity, grantedAt }) => ({ identity, grantedAt: dateOf(grantedAt) }));
  }

  /** Admits every identity (`open`), or only those that operators admitted (`closed`). */
  setAdmission(mode: Admission): Promise<void> {
    return this.#call('set_admission', db => db.reducers.setAdmission({ mode }));
  }
  admitIdentity(identity: string, note = ''): Promise<void> {
    return this.#call('admit_identity', db => db.reducers.admitIdentity({ identity: identityOf(identity), note }));
  }
  /** Admits every identity whose token has this issuer and audience. */
  admitIssuer(issuer: string, audience: string, note = ''): Promise<void> {
    return this.#call('admit_issuer', db => db.reducers.admitIssuer({ issuer, audience, note }));
  }
  /** Removes an admission rule by its number in `admissions`. */
  expel(rule: bigint): Promise<void> {
    return this.#call('expel', db => db.reducers.expel({ rule }));
  }
  /** Returns the admission mode and the rules. */
  admissions() {
    return this.#call('list_admissions', db => db.procedures.listAdmissions({}));
  }

  /** Sets limits of an agent by its number; 0 for all agents without own limits. */
  setQuota(agent: number, quota: Quota): Promise<void> {
    checkKeys('the limits of an agent', quota, QUOTA);
    const { rate, burst, unfinished, inboxLength, fanOut } = quota;
    return this.#call('set_quota', db =>
      db.reducers.setQuota({ agent: BigInt(agent), rate, burst, unfinished, inboxLength, fanOut }),
    );
  }
  clearQuota(agent: number): Promise<void> {
    return this.#call('clear_quota', db => db.reducers.clearQuota({ agent: BigInt(agent) }));
  }
  /** Ends a claim of any agent by its id; its holder gets a notice with the reason. */
  breakClaim(claim: string, reason = ''): Promise<void> {
    return this.#call('break_claim', db => db.reducers.breakClaim({ claim, reason }));
  }
  /** Returns the quota usage of an agent by its number. */
  async usage(agent: number): Promise<AgentUsage> {
    return usageOf(await this.#call('agent_usage', db => db.procedures.agentUsage({ agent: BigInt(agent) })));
  }
  setHubLimits(limits: HubLimits): Promise<void> {
    checkKeys('the limits of the hub', limits, HUB_LIMITS);
    const { storedBytes, keepMessagesMs, keepEventsMs, keepWorkflowsMs, hops } = limits;
    const big = (value: number | undefined) => (value === undefined ? undefined : BigInt(value));
    return this.#call('set_hub_limits', db =>
      db.reducers.setHubLimits({
        storedBytes: big(storedBytes),
        keepMessagesMs: big(keepMessagesMs),
        keepEventsMs: big(keepEventsMs),
        keepWorkflowsMs: big(keepWorkflowsMs),
        hops,
      }),
    );
  }

  /** Unregisters an agent of any owner. */
  unregisterAgent(agent: number): Promise<void> {
    return this.#call('unregister_agent', db => db.reducers.unregisterAgent({ agent: BigInt(agent) }));
  }

  /** Returns the counters of the hub. */
  async status(): Promise<HubStatus> {
    const row = await this.#call('hub_overview', db => db.procedures.hubOverview({}));
    return {
      agents: Number(row.agents),
      online: Number(row.online),
      messages: Number(row.messages),
      waiting: Number(row.waiting),
      offered: Number(row.offered),
      ended: Number(row.ended),
      dead: Number(row.dead),
      asks: Number(row.asks),
      workflows: Number(row.workflows),
      events: Number(row.events),
      broadcasts: Number(row.broadcasts),
      storedBytes: Number(row.storedBytes),
    };
  }

  /** Yields all mailboxes and work queues, page by page. */
  async *mailboxes(): AsyncGenerator<MailboxInfo, void> {
    for (let after = 0n; ;) {
      const page = await this.#call('list_mailboxes', db => db.procedures.listMailboxes({ after, limit: LIMITS.page }));
      for (const { name, online: isOnline, held, waiting, credit } of page.rows) {
        yield { name, isOnline, held, waiting, credit };
      }
      if (page.next === 0n || page.next === after) return;
      after = page.next;
    }
  }

  /** Returns the longest queues, longest first. */
  async longestQueues(limit = 10): Promise<QueueInfo[]> {
    const rows = [];
    for (let after = 0n; ;) {
      const page = await this.#call('longest_queues', db => db.procedures.longestQueues({ after, limit }));
      rows.push(...page.rows);
      if (page.next === 0n) break;
      after = page.next;
    }
    return rows
      .sort((a, b) => b.waiting - a.waiting || b.held - a.held)
      .slice(0, limit)
      .map(({ name, online: isOnline, held, waiting, delayed, oldestAt }) => {
        return { name, isOnline, held, waiting, delayed, oldestAt: dateOrNone(oldestAt) };
      });
  }

  /** Yields the messages of the whole hub, newest first, page by page. `text` is a part of the id, a name, the type or the payload. */
  async *messages(
    filter: { readonly text?: string; readonly kind?: DutyKind } = {},
  ): AsyncGenerator<ListedMessage, void> {
    checkKeys('the filters of messages()', filter, { text: true, kind: true });
    const { text = '', kind = '' } = filter;
    for (let before = 0n; ;) {
      const page = await this.#call('list_messages', db =>
        db.procedures.listMessages({ before, limit: LIMITS.page, text, kind }),
      );
      for (const { envelope: json, ...row } of page.rows) {
        const envelope = parseEnvelope(json);
        if (!envelope) continue;
        const { id, from, to, type, sentAt } = envelope;
        yield { id, from, to, type, sentAt: dateOf(BigInt(sentAt)), ...row };
      }
      if (page.next === 0n) return;
      before = page.next;
    }
  }

  /** Returns the groups whose name contains a text, at most 256, by name. */
  async groups(text = ''): Promise<GroupInfo[]> {
    const { rows } = await this.#call('list_groups', db => db.procedures.listGroups({ text, limit: LIMITS.page }));
    return rows.map(({ name, members }) => ({ name: `${SIGN.group}${name}`, members }));
  }

  /** Returns the limits and retention times that the hub uses now. */
  async settings(): Promise<Required<Quota> & Required<HubLimits>> {
    const { storedBytes, keepMessagesMs, keepEventsMs, keepWorkflowsMs, ...limits } = await this.#call(
      'hub_settings',
      db => db.procedures.hubSettings({}),
    );
    return {
      ...limits,
      storedBytes: Number(storedBytes),
      keepMessagesMs: Number(keepMessagesMs),
      keepEventsMs: Number(keepEventsMs),
      keepWorkflowsMs: Number(keepWorkflowsMs),
    };
  }

  /** Returns a message with all its deliveries. */
  readMessage(message: string) {
    return this.#call('read_message', db => db.procedures.readMessage({ message }));
  }

  /** Yields dead letters page by page: all for operators, for others those of their agents and of their messages. */
  async *deadLetters(filter: Pick<DeadLetterFilter, 'agent' | 'sender'> = {}): AsyncGenerator<DeadLetter, void> {
    checkKeys('the filters of deadLetters()', filter, { agent: true, sender: true });
    const { agent = 0, sender = 0 } = filter;
    for (let after = 0n; ;) {
      const page = await this.#call('dead_letters', db =>
        db.procedures.deadLetters({ after, limit: LIMITS.page, agent: BigInt(agent), sender: BigInt(sender) }),
      );
      for (const row of page.rows) {
        yield {
          no: row.no,
          agent: Number(row.agent),
          sender: Number(row.sender),
          messageId: row.message,
          type: row.type,
          reason: row.reason,
          at: dateOf(row.at),
        };
      }
      if (page.next === 0n || page.next === after) return;
      after = page.next;
    }
  }
  /** Sends a dead letter to its recipient once more. */
  redrive(no: bigint): Promise<void> {
    return this.#call('redrive', db => db.reducers.redrive({ no }));
  }
  purge(no: bigint): Promise<void> {
    return this.#call('purge', db => db.reducers.purge({ no }));
  }
  redriveAll(filter: DeadLetterFilter = {}): Promise<void> {
    return this.#call('redrive_all', db => db.reducers.redriveAll({ filter: wireFilter(filter) }));
  }
  purgeAll(filter: DeadLetterFilter = {}): Promise<void> {
    return this.#call('purge_all', db => db.reducers.purgeAll({ filter: wireFilter(filter) }));
  }

  #call<T>(name: string, call: (db: Db) => Promise<T>): Promise<T> {
    const warn = (error: AgoraError) => this.#connection.warn(error);
    return reported(name, this.#connection.call(name, call), warn);
  }
}

function identityOf(text: string): Identity {
  const hex = text.replace(/^0x/i, '');
  if (!/^[0-9a-f]{64}$/i.test(hex)) {
    throw new AgoraError('client/bad-option', `an identity is 64 hexadecimal digits, not "${text.slice(0, 70)}"`);
  }
  return new Identity(hex);
}

function wireFilter(filter: DeadLetterFilter) {
  checkKeys('the filters of dead letters', filter, DEAD_LETTERS);
  const { agent = 0, sender = 0, type = '', reason = '', before } = filter;
  const micros = before === undefined ? 0n : microsOf(before);
  return { agent: BigInt(agent), sender: BigInt(sender), type, reason, before: micros };
}
