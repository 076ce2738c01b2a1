// Members of groups: creating, inviting, joining, leaving, look-ups.
//
// I1  A group has an owner while it has members: its creator, and after that one has left, the member that joined first.
// I2  The changes of a group are numbered densely; the last `groupChanges` are kept while the group exists.

import { LIMITS } from '../contract/limits.ts';
import { GROUP_POLICIES, type GroupPolicy, SHORT_NAME, SIGN } from '../contract/words.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

type Db = Ctx['db'];
type Group = NonNullable<ReturnType<Db['agentGroup']['id']['find']>>;

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

/** Returns the groups whose name contains a text, by name, among the first `LIMITS.lookUps`. Scans: for operators only. */
export function groupsWith(db: Db, text: string): Group[] {
  const found: Group[] = [];
  let looked = 0;
  for (const row of db.agentGroup.iter()) {
    if (looked++ === LIMITS.lookUps) break;
    if (row.name.includes(text)) found.push(row);
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Returns true if an agent is in a group. */
export function isMember(db: Db, group: bigint, agent: bigint): boolean {
  for (const _ of db.groupMember.byGroupAgent.filter([group, agent])) return true; // a full key: one row at most
  return false;
}

function isInvited(db: Db, group: bigint, agent: bigint): boolean {
  for (const _ of db.groupInvitation.byGroupAgent.filter([group, agent])) return true; // a full key: one row at most
  return false;
}

/** Creates a group with a policy; its creator is its owner and first member. The owner of a group may change its policy so. */
export function create(unit: UnitOfWork, agent: bigint, name: string, policy: string): void {
  if (!isPolicy(policy)) {
    refuse('group/bad-policy', `"${policy.slice(0, 32)}" is not a policy; use ${GROUP_POLICIES.join(' or ')}`);
  }
  const group = findGroup(unit.ctx.db, name);
  if (!group) return addMember(unit, open(unit, agent, bareName(name), policy), agent);
  if (group.owner !== agent) refuse('group/exists', `#${group.name} belongs to another agent; choose another name`);
  unit.ctx.db.agentGroup.id.update({ ...group, policy });
}

function isPolicy(policy: string): policy is GroupPolicy {
  return (GROUP_POLICIES as readonly string[]).includes(policy);
}

/** Adds an agent to a group; the first member creates the group, which is then open. Idempotent. */
export function join(unit: UnitOfWork, agent: bigint, name: string): void {
  const { db } = unit.ctx;
  const bare = bareName(name);
  const group = findGroup(db, bare) ?? open(unit, agent, bare, 'open');
  if (isMember(db, group.id, agent)) return;
  if (group.policy !== 'open' && !isInvited(db, group.id, agent)) {
    refuse('group/not-invited', `#${bare} takes members by invitation; its owner can invite you`);
  }
  addMember(unit, group, agent);
}

function open(unit: UnitOfWork, owner: bigint, bare: string, policy: GroupPolicy): Group {
  if (!SHORT_NAME.test(bare)) {
    refuse('group/bad-name', `"${bare.slice(0, 64)}" is not a group; use # and a short name, like "#reviewers"`);
  }
  return unit.ctx.db.agentGroup.insert({ id: 0n, name: bare, members: 0, owner, policy, changes: 0n });
}

function addMember(unit: UnitOfWork, group: Group, agent: bigint): void {
  const { db } = unit.ctx;
  if (group.members >= LIMITS.groupMembers)
    refuse('group/full', `#${group.name} already has ${group.members} members, the maximum`);
  if (groupsOf(db, agent).length >= LIMITS.groupsPerAgent) {
    refuse('group/full', `an agent is in at most ${LIMITS.groupsPerAgent} groups; leave one first`);
  }
  db.groupMember.insert({ id: 0n, group: group.id, agent });
  db.groupInvitation.byGroupAgent.delete([group.id, agent]);
  record(unit, { ...group, members: group.members + 1 }, agent, 'joined');
}

/** Invites an agent, by name, to a group of the caller's agent. Idempotent. Bound: `groupMembers` invitations. */
export function invite(unit: UnitOfWork, agent: bigint, name: string, invited: string): void {
  const { db } = unit.ctx;
  const group = ownedGroup(unit, agent, name);
  const box = unit.boxNamed(invited) ?? refuse('agent/unknown', `there is no agent "${invited.slice(0, 64)}"`);
  if (isMember(db, group.id, box.agent) || isInvited(db, group.id, box.agent)) return;
  if ([...db.groupInvitation.group.filter(group.id)].length >= LIMITS.groupMembers)
    refuse('group/full', `#${group.name} has ${LIMITS.groupMembers} open invitations, the maximum`);
  db.groupInvitation.insert({ id: 0n, group: group.id, agent: box.agent });
}

/** Removes a member, by name, or an invitation, from a group of the caller's agent. */
export function remove(unit: UnitOfWork, agent: bigint, name: string, member: string): void {
  const group = ownedGroup(unit, agent, name);
  const box = unit.boxNamed(member) ?? refuse('agent/unknown', `there is no agent "${member.slice(0, 64)}"`);
  unit.ctx.db.groupInvitation.byGroupAgent.delete([group.id, box.agent]);
  leave(unit, box.agent, name);
}

function ownedGroup(unit: UnitOfWork, agent: bigint, name: string): Group {
  const group = findGroup(unit.ctx.db, name);
  if (!group || !isMember(unit.ctx.db, group.id, agent)) {
    refuse('group/unknown', `there is no group "${name.slice(0, 65)}" that this agent is in`);
  }
  if (group.owner !== agent) refuse('group/not-owner', `only the owner of #${group.name} may do this`);
  return group;
}

/** Removes an agent from a group; the last member deletes the group. Does nothing for an agent that is not a member. */
export function leave(unit: UnitOfWork, agent: bigint, name: string): void {
  const { db } = unit.ctx;
  const group = findGroup(db, name);
  if (!group || db.groupMember.byGroupAgent.delete([group.id, agent]) === 0) return;
  if (group.members <= 1) {
    db.agentGroup.id.delete(group.id);
    db.groupInvitation.group.delete(group.id);
    db.groupChange.group.delete(group.id);
    return;
  }
  const owner = group.owner === agent ? firstMember(db, group.id) : group.owner;
  record(unit, { ...group, members: group.members - 1, owner }, agent, 'left');
}

/** Returns the member that joined first. Bound: the members. */
function firstMember(db: Db, group: bigint): bigint {
  let first: { readonly id: bigint; readonly agent: bigint } | undefined;
  for (const row of db.groupMember.group.filter(group)) if (!first || row.id < first.id) first = row;
  return first?.agent ?? 0n;
}

/** Stores a group with a further change, and deletes the change before the kept ones. */
function record(unit: UnitOfWork, group: Group, agent: bigint, change: 'joined' | 'left'): void {
  const { db } = unit.ctx;
  const no = group.changes + 1n;
  const name = db.agent.id.find(agent)?.name ?? unit.box(agent)?.name ?? '';
  db.groupChange.insert({ id: 0n, group: group.id, no, name, change, at: unit.now });
  db.groupChange.byNo.delete([group.id, no - BigInt(LIMITS.groupChanges)]);
  db.agentGroup.id.update({ ...group, changes: no });
}

/** Returns the changes of a group after a number, in order. */
export function changesAfter(db: Db, { id, changes }: Group, after: bigint, limit: number) {
  const first = changes - BigInt(LIMITS.groupChanges) + 1n;
  const rows = [];
  for (let no = after + 1n > first ? after + 1n : first; no <= changes && rows.length < limit; no++) {
    for (const row of db.groupChange.byNo.filter([id, no])) rows.push(row); // a full key: one row at most
  }
  return rows;
}

/** Removes an unregistered agent, with its name, from its groups, and its invitations. */
export function leaveAll(unit: UnitOfWork, agent: bigint): void {
  for (const { name } of groupsOf(unit.ctx.db, agent)) leave(unit, agent, name);
  unit.ctx.db.groupInvitation.agent.delete(agent);
}

function bareName(name: string): string {
  return name.startsWith(SIGN.group) ? name.slice(1) : name;
}
