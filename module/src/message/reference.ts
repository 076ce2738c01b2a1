// References to other messages that the hub has verified: on whose behalf something is sent, and what is passed on.

import { LIMITS } from '../contract/limits.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { isObject, parseJson } from '../text.ts';
import { isQueue, type Mailbox, mailboxOfDelivery, type UnitOfWork } from '../unit-of-work.ts';
import type { Message } from './envelope.ts';

/** What a recipient reads of a message that another one refers to. */
interface Reference {
  readonly id: string;
  readonly from: string;
  readonly fromId: number;
  readonly type: string;
  readonly sentAt: number;
}

/** The members of the envelope that say what the hub verified: nearest first, ended with a comma; or nothing. */
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

/** A message that an agent sent or was given; what it never had it cannot refer to. */
export function readOwn(unit: UnitOfWork, agent: Mailbox, id: string): Message {
  const message = unit.ctx.db.message.id.find(id);
  if (message && isParty(unit.ctx.db, message, agent.agent)) return message;
  refuse(
    'message/bad-reference',
    `"${agent.name}" neither sent nor was given a message ${id.slice(0, 64)} that is kept`,
  );
}

/** Whether an agent sent a message or was given it. */
export function isParty(db: Ctx['db'], message: Message, agent: bigint): boolean {
  if (message.sender === agent || message.kind === 'broadcast') return true;
  return message.deliveries.some(id => {
    const box = mailboxOfDelivery(id);
    if (!isQueue(box)) return box === agent;
    return (db.offer.id.find(id)?.agent ?? db.ended.id.find(id)?.agent) === agent;
  });
}

/** Whether the hub told the reader of a message about another one, by its references. */
export function refersTo(message: Message, id: string): boolean {
  const read = parseJson(`{${message.references.slice(0, -1)}}`)?.value;
  if (!isObject(read)) return false;
  return [read['onBehalfOf'], read['forwarded']].some(
    list => Array.isArray(list) && list.some(each => isObject(each) && each['id'] === id),
  );
}

function chain(member: 'onBehalfOf' | 'forwarded', original: Message): string {
  const { id, senderName, sender, type, acceptedAt } = original;
  const first: Reference = { id, from: senderName, fromId: Number(sender), type, sentAt: Number(acceptedAt) };
  const earlier = parseJson(`{${original.references.slice(0, -1)}}`)?.value;
  const rest = isObject(earlier) && Array.isArray(earlier[member]) ? (earlier[member] as unknown[]) : [];
  return `"${member}":${JSON.stringify([first, ...rest].slice(0, LIMITS.references))},`;
}
