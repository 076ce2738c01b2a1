// Members of groups: joining, leaving, look-ups.

import { LIMITS } from '../contract/limits.ts';
import { SHORT_NAME, SIGN } from '../contract/words.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

type Db = Ctx['db'];

/** Returns a group by its name, with or without its sign. */
export function findGroup(db: Db, name: string) {
  return db.agentGroup.name.find(bareName(name)) ?? undefined;
}

/** Returns the agents in a group: at most `groupMembers`. */
export function membersOf(db: Db, group: bigint): bigint[] {
  return [...db.groupMember.group.filter(group)].map(row => row.agent);
}

/** Returns the groups of an agent: at most `groupsPerAgent`. */
export function groupsOf(db: Db, agent: bigint) {
  return [...db.groupMember.agent.filter(agent)].flatMap(row => db.agentGroup.id.find(row.group) ?? []);
}

/** Returns true if an agent is in a group. */
export function isMember(db: Db, group: bigint, agent: bigint): boolean {
  for (const _ of db.groupMember.byGroupAgent.filter([group, agent])) return true; // a full key: one row at most
  return false;
}

/** Adds an agent to a group; the first member creates the group. Idempotent. */
export function join(unit: UnitOfWork, agent: bigint, name: string): void {
  const { db } = unit.ctx;
  const bare = bareName(name);
  if (!SHORT_NAME.test(bare)) {
    refuse('group/bad-name', `"${name.slice(0, 65)}" is not a group; use # and a short name, like "#reviewers"`);
  }
  const group = findGroup(db, bare) ?? db.agentGroup.insert({ id: 0n, name: bare, members: 0 });
  if (isMember(db, group.id, agent)) return;
  if (group.members >= LIMITS.groupMembers)
    refuse('group/full', `#${bare} already has ${group.members} members, the maximum`);
  if (groupsOf(db, agent).length >= LIMITS.groupsPerAgent) {
    refuse('group/full', `an agent is in at most ${LIMITS.groupsPerAgent} groups; leave one first`);
  }
  db.groupMember.insert({ id: 0n, group: group.id, agent });
  db.agentGroup.id.update({ ...group, members: group.members + 1 });
}

/** Removes an agent from a group; the last member deletes the group. Does nothing for an agent that is not a member. */
export function leave(unit: UnitOfWork, agent: bigint, name: string): void {
  const { db } = unit.ctx;
  const group = findGroup(db, name);
  if (!group || db.groupMember.byGroupAgent.delete([group.id, agent]) === 0) return;
  if (group.members <= 1) db.agentGroup.id.delete(group.id);
  else db.agentGroup.id.update({ ...group, members: group.members - 1 });
}

/** Removes an unregistered agent from its groups. */
export function leaveAll(unit: UnitOfWork, agent: bigint): void {
  for (const { name } of groupsOf(unit.ctx.db, agent)) leave(unit, agent, name);
}

function bareName(name: string): string {
  return name.startsWith(SIGN.group) ? name.slice(1) : name;
}
