// The actions of the pages: the call, and how its effect shows.

import type { DbConnection } from '@agora/bindings';
import { Identity } from 'spacetimedb';
import { href } from '../base/router.ts';
import { Refusal, toRefusal } from '../hub/refusal.ts';
import type { Action } from './actions.tsx';

/** A message to send; with `answerWithinMs` an ask. */
export interface Draft {
  readonly id: string;
  readonly agent: bigint;
  readonly to: readonly string[];
  readonly type: string;
  /** JSON */
  readonly payload: string;
  readonly priority: number;
  readonly answerWithinMs: number;
}

export function sendMessage({ id, agent, to, type, payload, priority, answerWithinMs }: Draft): Action {
  const isBroadcast = to.join() === '*';
  return {
    label: `${answerWithinMs > 0 ? 'Ask' : 'Send'} ${type} to ${to.join(' ')}`,
    link: href(['messages', id]),
    perform: db =>
      db.reducers.performActs({
        acts: [
          {
            tag: 'Send',
            value: {
              ...{ id, agent, to: [...to], type, payload, priority, answerWithinMs },
              ...{ headers: '', ttlMs: 0n, delayMs: 0n, inReplyTo: '', onBehalfOf: '', forwardOf: '' },
            },
          },
        ],
      }),
    isApplied: async db => {
      if (isBroadcast) return (await db.procedures.broadcastStatus({ agent, message: id })).seq > 0n;
      return (await db.procedures.messageStatus({ agent, message: id })).length > 0;
    },
  };
}

export function cancelMessage(agent: bigint, message: string, reason: string): Action {
  return {
    label: `Cancel message ${short(message)}`,
    perform: db => db.reducers.performActs({ acts: [{ tag: 'Cancel', value: { agent, message, reason } }] }),
    isApplied: async db => {
      const rows = await db.procedures
        .readMessage({ message })
        .then(({ deliveries }) => deliveries)
        .catch(() => db.procedures.messageStatus({ agent, message }));
      return rows.every(({ state }) => state !== 'queued' && state !== 'offered' && state !== 'delayed');
    },
  };
}

export function acknowledge(delivery: bigint, attempt: number): Action {
  return {
    label: 'Finish a delivery',
    perform: db => db.reducers.performActs({ acts: [{ tag: 'Acknowledge', value: { delivery, attempt } }] }),
    isApplied: db => ![...db.db.myInbox.iter()].some(row => row.id === delivery),
  };
}

/** A workflow as the actions name it. */
export interface WorkflowStart {
  readonly id: string;
  readonly agent: bigint;
  readonly type: string;
  /** JSON */
  readonly definition: string;
}

export function startWorkflow({ id, agent, type, definition }: WorkflowStart): Action {
  return {
    label: `Start workflow ${type}`,
    link: href(['workflows', id]),
    perform: db => db.reducers.startWorkflow({ id, agent, definition }),
    isApplied: db => hasSteps(db, id),
  };
}

async function hasSteps(db: DbConnection, workflow: string): Promise<boolean> {
  return (await db.procedures.workflowSteps({ workflow, from: 0, limit: 1 })).length > 0;
}

function statusOf(db: DbConnection, workflow: string): string | undefined {
  return [...db.db.myWorkflows.iter()].find(({ id }) => id === workflow)?.status;
}

export function pauseWorkflow(workflow: string): Action {
  return {
    label: 'Pause the workflow',
    perform: db => db.reducers.pauseWorkflow({ workflow }),
    isApplied: db => statusOf(db, workflow) === 'paused',
  };
}

export function resumeWorkflow(workflow: string): Action {
  return {
    label: 'Resume the workflow',
    perform: db => db.reducers.resumeWorkflow({ workflow }),
    isApplied: db => statusOf(db, workflow) !== 'paused',
  };
}

export function cancelWorkflow(workflow: string, reason: string): Action {
  return {
    label: 'Cancel the workflow',
    perform: db => db.reducers.cancelWorkflow({ workflow, reason }),
    isApplied: db => ['cancelled', 'compensating'].includes(statusOf(db, workflow) ?? ''),
  };
}

export function retryStep(workflow: string, step: string): Action {
  return {
    label: `Retry step ${step}`,
    perform: db => db.reducers.retryStep({ workflow, step }),
    isApplied: async db => {
      const rows = await allSteps(db, workflow);
      return rows.some(
        row => row.name === step && !['failed', 'timed_out', 'cancelled', 'skipped'].includes(row.state),
      );
    },
  };
}

export function forkWorkflow(workflow: string, id: string, agent: bigint, step: string): Action {
  return {
    label: `Fork from step ${step}`,
    link: href(['workflows', id]),
    perform: db => db.reducers.forkWorkflow({ workflow, id, agent, step }),
    isApplied: db => hasSteps(db, id),
  };
}

export function decide(workflow: string, step: string, isApproved: boolean, comment: string): Action {
  return {
    label: `${isApproved ? 'Approve' : 'Reject'} step ${step}`,
    perform: ({ reducers }) =>
      isApproved ? reducers.approveStep({ workflow, step, comment }) : reducers.rejectStep({ workflow, step, comment }),
    isApplied: async db => {
      const waits = await db.procedures.whyWaiting({ workflow, from: 0, limit: 256 });
      return !waits.some(wait => wait.name === step && wait.waitsFor === 'approval');
    },
  };
}

/** One page of steps is 256; a workflow has at most a few thousand rows. */
const PAGE = 256;
export const MAX_STEPS = 4_096;

export async function allSteps(db: DbConnection, workflow: string) {
  const rows = [];
  for (let from = 0; from < MAX_STEPS; from += PAGE) {
    const page = await db.procedures.workflowSteps({ workflow, from, limit: PAGE });
    rows.push(...page);
    if (page.length < PAGE) break;
  }
  return rows;
}

/** New limits of an agent, or with 0 of all; undefined changes nothing. */
export interface Limits {
  readonly rate: number | undefined;
  readonly burst: number | undefined;
  readonly unfinished: number | undefined;
  readonly inboxLength: number | undefined;
  readonly fanOut: number | undefined;
}

export function setQuota(agent: bigint, name: string, limits: Limits): Action {
  return {
    label: `Change the limits of ${name}`,
    perform: db => db.reducers.setQuota({ agent, ...limits }),
    isApplied: async db => {
      if (agent === 0n) return hasAudit(db, 'set_quota');
      const usage = await db.procedures.agentUsage({ agent });
      const written = { ...usage, unfinished: usage.unfinishedLimit, inboxLength: usage.inboxLimit };
      return Object.entries(limits).every(
        ([key, value]) => value === undefined || written[key as keyof Limits] === value,
      ); // the names of the limits
    },
  };
}

export function clearQuota(agent: bigint, name: string): Action {
  return {
    label: `Reset the limits of ${name}`,
    perform: db => db.reducers.clearQuota({ agent }),
    isApplied: () => true,
  };
}

export function setHubLimits(changes: HubLimits): Action {
  return {
    label: 'Change the limits of the hub',
    perform: db => db.reducers.setHubLimits(changes),
    isApplied: db => hasAudit(db, 'set_hub_limits'),
  };
}
export interface HubLimits {
  readonly storedBytes: bigint | undefined;
  readonly keepMessagesMs: bigint | undefined;
  readonly keepEventsMs: bigint | undefined;
  readonly keepWorkflowsMs: bigint | undefined;
}

/** True if one of the newest events is an audit event of this action. */
async function hasAudit(db: DbConnection, action: string): Promise<boolean> {
  const rows = await newestEvents(db, 64);
  return rows.some(({ type, data }) => type === 'operator_act' && data.includes(`"action":"${action}"`));
}

/** The newest events, oldest first. */
export async function newestEvents(db: DbConnection, limit: number) {
  const { last } = await db.procedures.readEvents({ after: 0n, limit: 1 });
  const after = last > BigInt(limit) ? last - BigInt(limit) : 0n;
  return (await db.procedures.readEvents({ after, limit })).rows;
}

export function breakClaim(claim: string, what: string, reason: string): Action {
  return {
    label: `Break the claim of ${what}`,
    perform: db => db.reducers.breakClaim({ claim, reason }),
    isApplied: db => !db.db.claim.id.find(claim),
  };
}

export function setAdmission(mode: 'open' | 'closed'): Action {
  return {
    label: mode === 'closed' ? 'Close the hub' : 'Open the hub',
    perform: db => db.reducers.setAdmission({ mode }),
    isApplied: async db => (await db.procedures.listAdmissions({})).mode === mode,
  };
}

/** The identity of a text of 64 hexadecimal digits. Throws a `Refusal`. */
export function identityOf(text: string): Identity {
  const hex = text.trim().replace(/^0x/i, '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new Refusal('page/bad-identity', 'An identity is 64 hexadecimal digits.');
  return new Identity(hex);
}

export function admit(identity: Identity, note: string): Action {
  const hex = identity.toHexString();
  return {
    label: `Admit ${short(hex)}`,
    perform: db => db.reducers.admitIdentity({ identity, note }),
    isApplied: async db => (await db.procedures.listAdmissions({})).rules.some(rule => same(rule.identity, hex)),
  };
}

export function expel(rule: bigint, who: string): Action {
  return {
    label: `Expel ${short(who)}`,
    perform: db => db.reducers.expel({ rule }),
    isApplied: async db => !(await db.procedures.listAdmissions({})).rules.some(({ id }) => id === rule),
  };
}

export function grant(identity: Identity): Action {
  const hex = identity.toHexString();
  return {
    label: `Grant operator to ${short(hex)}`,
    perform: db => db.reducers.grantOperator({ identity }),
    isApplied: async db => (await db.procedures.listOperators({})).some(row => same(row.identity, hex)),
  };
}

export function revoke(identity: Identity): Action {
  const hex = identity.toHexString();
  return {
    label: `Revoke operator of ${short(hex)}`,
    perform: db => db.reducers.revokeOperator({ identity }),
    isApplied: async db => !(await db.procedures.listOperators({})).some(row => same(row.identity, hex)),
  };
}

export function unregister(agent: bigint, name: string): Action {
  return {
    label: `Unregister ${name}`,
    perform: db => db.reducers.unregisterAgent({ agent }),
    isApplied: db =>
      db.procedures.agentUsage({ agent }).then(
        () => false,
        (error: unknown) => toRefusal(error).code === 'agent/unknown',
      ),
  };
}

export function changeGroup(agent: bigint, group: string, isJoining: boolean): Action {
  return {
    label: `${isJoining ? 'Join' : 'Leave'} ${group}`,
    perform: ({ reducers }) =>
      isJoining ? reducers.joinGroup({ agent, group }) : reducers.leaveGroup({ agent, group }),
    isApplied: async db =>
      (await db.procedures.myGroups({ agent })).some(({ name }) => same(name, group)) === isJoining,
  };
}

function same(one: string, other: string): boolean {
  return one.replace(/^0x|^#/, '') === other.replace(/^0x|^#/, '');
}

export function short(text: string): string {
  return text.length > 13 ? `${text.slice(0, 8)}…${text.slice(-4)}` : text;
}
