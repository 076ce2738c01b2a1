// Groups: join, leave, members.

import { t } from 'spacetimedb/server';
import { isOperator, requireAdmitted, requireOwn } from '../access.ts';
import { findGroup, groupsOf, isMember, join, leave, membersOf } from '../group/members.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import { asMember } from './call.ts';

/** Adds an agent of the caller to a group; the first member creates it. */
export const joinGroup = agora.reducer({ agent: t.u64(), group: t.string() }, (ctx, { agent, group }) => {
  asMember(ctx, unit => join(unit, unit.own(agent).agent, group));
});

/** Removes an agent of the caller from a group; the last member deletes it. */
export const leaveGroup = agora.reducer({ agent: t.u64(), group: t.string() }, (ctx, { agent, group }) => {
  asMember(ctx, unit => leave(unit, unit.own(agent).agent, group));
});

const GroupSummary = t.object('GroupSummary', { name: t.string(), members: t.u32() });

/** Returns the groups of an agent of the caller. */
export const myGroups = agora.procedure({ agent: t.u64() }, t.array(GroupSummary), (ctx, { agent }) =>
  ctx.withTx(tx => {
    requireAdmitted(tx);
    requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
    return groupsOf(tx.db, agent).map(({ name, members }) => ({ name, members }));
  }),
);

/** Returns the names of the members of a group; for its members and operators. */
export const groupMembers = agora.procedure(
  { agent: t.u64(), group: t.string() },
  t.array(t.string()),
  (ctx, { agent, group }) =>
    ctx.withTx(tx => {
      requireAdmitted(tx);
      requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
      const found = findGroup(tx.db, group);
      if (!found || !(isMember(tx.db, found.id, agent) || isOperator(tx.db, ctx.sender))) {
        refuse('group/unknown', `there is no group "${group.slice(0, 65)}" that this agent is in`);
      }
      return membersOf(tx.db, found.id).flatMap(member => tx.db.mailbox.agent.find(member)?.name ?? []);
    }),
);
