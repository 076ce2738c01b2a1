// Resolves the targets of a message: agents by name, members of a group, the work queue of a capability, or all agents.

import { LIMITS } from '../contract/limits.ts';
import { AGENT_NAME, SHORT_NAME, SIGN } from '../contract/words.ts';
import { findGroup, membersOf } from '../group/members.ts';
import type { Mailbox } from '../mailbox.ts';
import { refuse } from '../refuse.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { queueOf } from './queue.ts';

/** The mailboxes of the recipients, and the faults of the names in a list that have none. */
interface Targets {
  readonly recipients: readonly Mailbox[];
  readonly missing: readonly string[];
}

/**
 * Returns the mailboxes of all recipients; none for a broadcast. Refuses an unknown target. In a list of several, one without a
 * recipient does not hold back the others.
 */
export function resolveTargets(unit: UnitOfWork, sender: Mailbox, to: readonly string[]): Targets {
  if (to.length === 0) refuse('message/no-recipient', 'name a recipient, several, or "*" for everyone');
  if (to.length > LIMITS.recipients) {
    refuse(
      'message/too-many-recipients',
      `one message names at most ${LIMITS.recipients} recipients; use a group or "*"`,
    );
  }
  if (to.length === 1 && to[0] === SIGN.everyone) return { recipients: [], missing: [] };
  const boxes = new Set<Mailbox>();
  const missing: string[] = [];
  for (const name of to) {
    const found = boxesOf(unit, sender, name);
    if (typeof found === 'string') missing.push(found);
    else for (const box of found) boxes.add(box);
  }
  const [fault] = missing;
  if (fault !== undefined && boxes.size === 0) refuse('message/unknown-recipient', fault);
  if (boxes.size === 0)
    refuse('message/no-recipient', `${to.join(' ').slice(0, 200)} has no member but "${sender.name}"`);
  if (boxes.size > LIMITS.groupMembers) {
    refuse('message/too-many-recipients', `one message goes to at most ${LIMITS.groupMembers} recipients; use "*"`);
  }
  return { recipients: [...boxes], missing };
}

/** Returns the mailboxes of a target, or why it has none. */
function boxesOf(unit: UnitOfWork, sender: Mailbox, name: string): readonly Mailbox[] | string {
  if (name === SIGN.everyone) refuse('message/unsupported-target', '"*" reaches everyone already; name it alone');
  const shown = name.slice(0, 65);
  // The name becomes part of the envelope, also one without a recipient.
  const isName =
    name.startsWith(SIGN.group) || name.startsWith(SIGN.capability)
      ? SHORT_NAME.test(name.slice(1))
      : AGENT_NAME.test(name);
  if (!isName) refuse('message/unknown-recipient', `there is no agent "${shown.slice(0, 64)}"`);
  if (name.startsWith(SIGN.group)) {
    const group = findGroup(unit.ctx.db, name);
    if (!group) return `there is no group "${shown}"; the first agent that joins it creates it`;
    return membersOf(unit.ctx.db, group.id).flatMap(agent => (agent === sender.agent ? [] : (unit.box(agent) ?? [])));
  }
  if (name.startsWith(SIGN.capability)) {
    const queue = queueOf(unit, name.slice(1));
    return queue ? [queue] : `no agent ever announced the capability "${shown.slice(1)}"`;
  }
  const box = unit.boxNamed(name);
  return box ? [box] : `there is no agent "${shown.slice(0, 64)}"`;
}
