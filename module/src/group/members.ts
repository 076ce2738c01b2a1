// Who is in a group.

import { LIMITS } from '../contract/limits.ts';
import { SHORT_NAME, SIGN } from '../contract/words.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

type Db = Ctx['db'];

/** A group by its name, with or without its sign. */
export function findGroup(db: Db, name: string) {
  return db.agentGroup.name.find(bareName(name)) ?? undefined;
}

/** The agents in a group: at most `groupMembers`. */
export function membersOf(db: Db, group: bigint): bigint[] {
  return [...db.groupMember.group.filter(group)].map(row => row.agent);
}

/** The groups of an agent: at most `groupsPerAgent`. */
export function groupsOf(db: Db, agent: bigint) {
  return [...db.groupMember.agent.filter(agent)].flatMap(row => db.agentGroup.id.find(row.group) ?? []);
}

/** Whether an agent is in a group. */
export function isMember(db: Db, group: bigint, agent: bigint): boolean {
  for (const _ of db.groupMember.byGroupAgent.filter([group, agent])) return true; // a full key: one row at most
  return false;
}

/** Puts an agent into a group, which is made by its first member. Saying it again does nothing. */
export function join(unit: UnitOfWork, agent: bigint, name: string): void {
  const { db } = unit.ctx;
  const bare = bareName(name);
  if (!SHORT_NAME.test(bare)) {
    refuse('group/bad-name', `"${name.slice(0, 65)}" is no group; use a # and a short name, like "#reviewers"`);
  }
  const group = findGroup(db, bare) ?? db.agentGroup.insert({ id: 0n, name: bare, members: 0 });
  if (isMember(db, group.id, agent)) return;
  if (group.members >= LIMITS.groupMembers) refuse('group/full', `#${bare} has ${group.members} members already`);
  if (groupsOf(db, agent).length >= LIMITS.groupsPerAgent) {
    refuse('group/full', `an agent is in ${LIMITS.groupsPerAgent} groups at most; leave one first`);
  }
  db.groupMember.insert({ id: 0n, group: group.id, agent });
  db.agentGroup.id.update({ ...group, members: group.members + 1 });
}

/** Takes an agent out of a group; the last one ends it. Harmless for one that is not in it. */
export function leave(unit: UnitOfWork, agent: bigint, name: string): void {
  const { db } = unit.ctx;
  const group = findGroup(db, name);
  if (!group || db.groupMember.byGroupAgent.delete([group.id, agent]) === 0) return;
  if (group.members <= 1) db.agentGroup.id.delete(group.id);
  else db.agentGroup.id.update({ ...group, members: group.members - 1 });
}

/** Takes an agent that is gone out of its groups. */
export function leaveAll(unit: UnitOfWork, agent: bigint): void {
  for (const { name } of groupsOf(unit.ctx.db, agent)) leave(unit, agent, name);
}

function bareName(name: string): string {
  return name.startsWith(SIGN.group) ? name.slice(1) : name;
}
