// References to other messages (on behalf of, forwarded): the hub verifies that the sender had the referenced message.

import { LIMITS } from '../contract/limits.ts';
import type { Envelope, EnvelopeReference } from '../contract/wire.ts';
import { appendSystemEvent } from '../event/append.ts';
import { isQueue, type Mailbox, mailboxOfDelivery } from '../mailbox.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { isObject, parseJson } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Message } from './envelope.ts';

/** The members of an `Envelope` that contain references. */
type ReferenceMember = Extract<keyof Envelope, 'onBehalfOf' | 'forwarded'>;

/** Returns the verified references of a message, and the claim of its sender, as JSON members, each followed by a comma. */
export function referencesOf(
  unit: UnitOfWork,
  sender: Mailbox,
  send: { readonly onBehalfOf: string; readonly forwardOf: string },
): string {
  const members: string[] = [];
  if (unit.fencedBy) members.push(`"claim":${JSON.stringify(unit.fencedBy)},`);
  if (send.onBehalfOf !== '') members.push(chain('onBehalfOf', readOwn(unit, sender, send.onBehalfOf)));
  if (send.forwardOf !== '') members.push(chain('forwarded', readOwn(unit, sender, send.forwardOf)));
  return members.join('');
}

/**
 * Returns the hops of a message that refers to others, or refuses one beyond the bound of the hub. The last message within the
 * bound publishes an alert: the transaction of a refused one is rolled back, with its events.
 */
export function hopsOf(
  unit: UnitOfWork,
  sender: Mailbox,
  send: Pick<Message, 'id' | 'inReplyTo' | 'onBehalfOf' | 'forwardOf'>,
): number {
  const earlier = earlierOf(unit, send, sender.agent);
  if (!earlier) return 0;
  const hops = earlier.hops + 1;
  const bound = unit.hub.hops;
  if (hops > bound) {
    refuse(
      'message/too-many-hops',
      `${hops} messages came before this one in its chain, and the hub accepts ${bound}; start a new one if this is no loop`,
    );
  }
  if (hops === bound) {
    const participants = [...new Set([sender.name, ...sendersOf(unit, earlier)])];
    appendSystemEvent(unit, 0n, 'system_alert', { alert: 'message_loop', message_id: send.id, hops, participants });
  }
  return hops;
}

/** Returns the message with the most hops to which another one refers, and that `agent` sent or received. */
function earlierOf(
  unit: UnitOfWork,
  { inReplyTo, onBehalfOf, forwardOf }: Pick<Message, 'inReplyTo' | 'onBehalfOf' | 'forwardOf'>,
  agent?: bigint,
): Message | undefined {
  const { db } = unit.ctx;
  let most: Message | undefined;
  for (const id of [inReplyTo, onBehalfOf, forwardOf]) {
    const message = id === '' ? undefined : db.message.id.find(id);
    if (!message || (most && message.hops <= most.hops)) continue;
    // The other references are verified; a reply may name any message.
    if (agent === undefined || isSenderOrRecipient(db, message, agent)) most = message;
  }
  return most;
}

/** Returns the names of the senders of a chain, from its end on: of at most `loopMessages` messages. */
function sendersOf(unit: UnitOfWork, last: Message): string[] {
  const names: string[] = [];
  let message: Message | undefined = last;
  for (let left = LIMITS.loopMessages; message && left > 0; left--) {
    names.push(message.senderName);
    message = earlierOf(unit, message);
  }
  return names;
}

/** Returns a message that an agent sent or received; refuses any other. */
export function readOwn(unit: UnitOfWork, agent: Mailbox, id: string): Message {
  const message = unit.ctx.db.message.id.find(id);
  if (message && isSenderOrRecipient(unit.ctx.db, message, agent.agent)) return message;
  refuse('message/bad-reference', `"${agent.name}" neither sent nor received a kept message ${id.slice(0, 64)}`);
}

/** Returns true if an agent sent a message or received it. */
export function isSenderOrRecipient(db: Ctx['db'], message: Message, agent: bigint): boolean {
  if (message.sender === agent || message.kind === 'broadcast') return true;
  return message.deliveries.some(id => {
    const box = mailboxOfDelivery(db, id);
    if (!isQueue(box)) return box === agent;
    return (db.offer.id.find(id)?.agent ?? db.ended.id.find(id)?.agent) === agent;
  });
}

/** Returns true if the references of a message, as its readers see them, contain another message. */
export function refersTo(message: Message, id: string): boolean {
  const read = parseJson(`{${message.references.slice(0, -1)}}`)?.value;
  if (!isObject(read)) return false;
  return (['onBehalfOf', 'forwarded'] satisfies ReferenceMember[]).some(member => {
    const list = read[member];
    return Array.isArray(list) && list.some(each => isObject(each) && each['id'] === id);
  });
}

function chain(member: ReferenceMember, original: Message): string {
  const { id, senderName, sender, type, acceptedAt } = original;
  const first: EnvelopeReference = { id, from: senderName, fromId: Number(sender), type, sentAt: Number(acceptedAt) };
  const earlier = parseJson(`{${original.references.slice(0, -1)}}`)?.value;
  const rest = isObject(earlier) && Array.isArray(earlier[member]) ? (earlier[member] as unknown[]) : [];
  return `"${member}":${JSON.stringify([first, ...rest].slice(0, LIMITS.references))},`;
}
