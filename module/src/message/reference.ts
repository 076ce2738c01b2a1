// References to other messages (on behalf of, forwarded): the hub verifies that the sender had the referenced message.

import { LIMITS } from '../contract/limits.ts';
import type { Envelope, EnvelopeReference } from '../contract/wire.ts';
import { isQueue, type Mailbox, mailboxOfDelivery } from '../mailbox.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { isObject, parseJson } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Message } from './envelope.ts';

/** The members of an `Envelope` that contain references. */
type ReferenceMember = Extract<keyof Envelope, 'onBehalfOf' | 'forwarded'>;

/** Returns the verified references of a message as JSON members, each followed by a comma; nearest reference first. */
export function referencesOf(
  unit: UnitOfWork,
  sender: Mailbox,
  send: { readonly onBehalfOf: string; readonly forwardOf: string },
): string {
  const members: string[] = [];
  if (send.onBehalfOf !== '') members.push(chain('onBehalfOf', readOwn(unit, sender, send.onBehalfOf)));
  if (send.forwardOf !== '') members.push(chain('forwarded', readOwn(unit, sender, send.forwardOf)));
  return members.join('');
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
