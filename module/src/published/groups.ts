// Groups: join, leave, members.

import { t } from 'spacetimedb/server';
import { isOperator, requireAdmitted, requireOperator, requireOwn } from '../access.ts';
import { checkPage } from '../checks.ts';
import {
  changesAfter,
  create,
  findGroup,
  groupsOf,
  groupsWith,
  invite,
  isMember,
  join,
  leave,
  membersOf,
  remove,
} from '../group/members.ts';
import { chargeAct } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { asMember } from './call.ts';

/** Creates a group that an agent of the caller owns, with a policy: `open` or `invitation`. The owner may change the policy. */
export const createGroup = agora.reducer(
  { agent: t.u64(), group: t.string(), policy: t.string() },
  (ctx, { agent, group, policy }) => {
    asMember(ctx, unit => create(unit, charged(unit, agent), group, policy));
  },
);

/** Invites an agent, by name, to a group that an agent of the caller owns. */
export const inviteToGroup = agora.reducer(
  { agent: t.u64(), group: t.string(), name: t.string() },
  (ctx, { agent, group, name }) => {
    asMember(ctx, unit => invite(unit, charged(unit, agent), group, name));
  },
);

/** Removes a member, by name, or its invitation, from a group that an agent of the caller owns. */
export const removeFromGroup = agora.reducer(
  { agent: t.u64(), group: t.string(), name: t.string() },
  (ctx, { agent, group, name }) => {
    asMember(ctx, unit => remove(unit, unit.own(agent).agent, group, name));
  },
);

/** Adds an agent of the caller to a group; the first member creates it. */
export const joinGroup = agora.reducer({ agent: t.u64(), group: t.string() }, (ctx, { agent, group }) => {
  asMember(ctx, unit => join(unit, charged(unit, agent), group));
});

/** Removes an agent of the caller from a group; the last member deletes it. */
export const leaveGroup = agora.reducer({ agent: t.u64(), group: t.string() }, (ctx, { agent, group }) => {
  asMember(ctx, unit => leave(unit, unit.own(agent).agent, group));
});

/** Charges an agent of the caller for an act on a group, and returns the agent. */
function charged(unit: UnitOfWork, agent: bigint): bigint {
  chargeAct(unit, unit.own(agent));
  return agent;
}

const GroupSummary = t.object('GroupSummary', { name: t.string(), members: t.u32() });

/** Returns the groups of an agent of the caller. */
export const myGroups = agora.procedure({ agent: t.u64() }, t.array(GroupSummary), (ctx, { agent }) =>
  ctx.withTx(tx => {
    requireAdmitted(tx);
    requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
    return groupsOf(tx.db, agent).map(({ name, members }) => ({ name, members }));
  }),
);

const GroupList = t.object('GroupList', {
  /** All groups of the hub. */
  total: t.u64(),
  rows: t.array(GroupSummary),
});

/** Returns the groups whose name contains a text, by name, among the first 4,096 groups of the hub; for operators. */
export const listGroups = agora.procedure({ text: t.string(), limit: t.u32() }, GroupList, (ctx, { text, limit }) => {
  checkPage(limit);
  return ctx.withTx(tx => {
    requireOperator(tx);
    const rows = groupsWith(tx.db, text).slice(0, limit);
    return { total: tx.db.agentGroup.count(), rows: rows.map(({ name, members }) => ({ name, members })) };
  });
});

/** Returns the names of the members of a group; for its members and, with agent 0, for operators. */
export const groupMembers = agora.procedure(
  { agent: t.u64(), group: t.string() },
  t.array(t.string()),
  (ctx, { agent, group }) =>
    ctx.withTx(tx => {
      const found = readableGroup(tx, agent, group);
      return membersOf(tx.db, found.id).flatMap(member => tx.db.mailbox.agent.find(member)?.name ?? []);
    }),
);

const GroupChange = t.object('GroupChangeRow', { no: t.u64(), name: t.string(), change: t.string(), at: t.i64() });
const GroupChanges = t.object('GroupChanges', {
  /** Name of its owner, and its policy. */
  owner: t.string(),
  policy: t.string(),
  rows: t.array(GroupChange),
});

/** Returns who joined and left a group after a number, in order, of the last 256 changes; for its members and operators. */
export const groupChanges = agora.procedure(
  { agent: t.u64(), group: t.string(), after: t.u64(), limit: t.u32() },
  GroupChanges,
  (ctx, { agent, group, after, limit }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      const found = readableGroup(tx, agent, group);
      const rows = changesAfter(tx.db, found, after, limit).map(({ no, name, change, at }) => ({
        no,
        name,
        change,
        at,
      }));
      return { owner: tx.db.mailbox.agent.find(found.owner)?.name ?? '', policy: found.policy, rows };
    });
  },
);

/** Returns a group for one of its members, or for an operator. */
function readableGroup(tx: Pick<Ctx, 'db' | 'sender'>, agent: bigint, group: string) {
  requireAdmitted(tx);
  // An operator needs no agent.
  const isByOperator = isOperator(tx.db, tx.sender);
  if (agent !== 0n || !isByOperator) requireOwn(tx.db.mailbox.agent.find(agent), agent, tx.sender);
  const found = findGroup(tx.db, group);
  if (found && (isByOperator || isMember(tx.db, found.id, agent))) return found;
  refuse('group/unknown', `there is no group "${group.slice(0, 65)}" that this agent is in`);
}
