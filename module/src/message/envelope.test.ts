import { describe, expect, test } from 'vitest';
import type { AnswerPayload, Envelope, EnvelopeReference, ProgressPayload } from '../contract/wire.ts';
import { PRIORITY } from '../contract/words.ts';
import { answerPayload, envelopeOf, type Message, noticeEnvelope } from './envelope.ts';

/** Members that every envelope has. */
type RequiredMembers = Pick<
  Envelope,
  'id' | 'from' | 'fromId' | 'to' | 'type' | 'priority' | 'sentAt' | 'answerBy' | 'payload'
>;
/** Members of an envelope whose message uses all of them; a payload is either inline or counted. */
type AllMembers = Required<Omit<Envelope, 'payload' | 'initiator' | 'initiatorId' | 'signals'>>;

const reference: EnvelopeReference = { id: 'm0', from: 'Bob', fromId: 8, type: 'note', sentAt: 5 };

function message(overrides: Partial<Message>): Message {
  return {
    id: 'm1',
    sender: 7n,
    senderName: 'Ada',
    target: 'Bob #reviewers',
    kind: 'message',
    type: 'note',
    priority: PRIORITY.high,
    payload: '{"a":1}',
    headers: '',
    acceptedAt: 1_000n,
    answerBy: 0n,
    inReplyTo: '',
    step: 0n,
    broadcast: 0n,
    deliveries: [],
    answerWithinMs: 0,
    delayMs: 0n,
    ttlMs: 0n,
    no: 1n,
    continues: '',
    onBehalfOf: '',
    forwardOf: '',
    references: '',
    referencedBytes: 0,
    hops: 0,
    ...overrides,
  };
}

describe('an envelope', () => {
  test('has the required members of the contract, and no other, for a plain message', () => {
    expect(JSON.parse(envelopeOf(message({})))).toEqual({
      id: 'm1',
      from: 'Ada',
      fromId: 7,
      to: 'Bob #reviewers',
      type: 'note',
      priority: 3,
      sentAt: 1_000,
      answerBy: 0,
      payload: { a: 1 },
    } satisfies RequiredMembers);
  });

  test('has all members of the contract for a message that uses them', () => {
    const references = `"claim":{"id":"c1","number":7},"onBehalfOf":${JSON.stringify([reference])},"forwarded":${JSON.stringify([reference])},`;
    const full = message({
      payload: '"äb"',
      headers: '{"h":1}',
      answerBy: 9n,
      inReplyTo: 'm2',
      continues: 'm3',
      ttlMs: 2n,
      references,
    });
    expect(JSON.parse(envelopeOf(full, 4))).toEqual({
      id: 'm1',
      from: 'Ada',
      fromId: 7,
      to: 'Bob #reviewers',
      type: 'note',
      priority: 3,
      sentAt: 1_000,
      answerBy: 9,
      inReplyTo: 'm2',
      continues: 'm3',
      expiresAt: 3_000,
      claim: { id: 'c1', number: 7 },
      onBehalfOf: [reference],
      forwarded: [reference],
      headers: { h: 1 },
      payloadBytes: 5,
    } satisfies AllMembers);
  });

  test('of a task comes from the hub, names the initiator, and counts inputs that are read with the steps', () => {
    expect(JSON.parse(envelopeOf(message({ step: 4n, referencedBytes: 20_000 })))).toMatchObject({
      from: 'system',
      fromId: 0,
      initiator: 'Ada',
      initiatorId: 7,
      payloadBytes: 20_000,
    } satisfies Partial<Envelope>);
  });

  test('of a notice names the message that it reports on', () => {
    expect(JSON.parse(noticeEnvelope('delivery_dead', 'm1', 4n, { reason: 'no "credit"' }))).toEqual({
      id: '',
      from: 'system',
      fromId: 0,
      to: '',
      type: 'delivery_dead',
      priority: PRIORITY.normal,
      sentAt: 4,
      answerBy: 0,
      inReplyTo: 'm1',
      payload: { reason: 'no "credit"' },
    } satisfies RequiredMembers & Pick<Envelope, 'inReplyTo'>);
  });

  test('of a progress notice contains the data of the signal', () => {
    const envelope = JSON.parse(
      noticeEnvelope('progress', 'm1', 4n, { seq: 2, from: 'Bob' }, '{"done":1}'),
    ) as Envelope;
    expect(envelope.payload).toEqual({ seq: 2, from: 'Bob', data: { done: 1 } } satisfies ProgressPayload);
  });
});

describe('the payload of an answer', () => {
  test('has the members of the contract', () => {
    expect(JSON.parse(answerPayload({ status: 'success', data: '[1]' }, false))).toEqual({
      status: 'success',
      data: [1],
    } satisfies AnswerPayload);
    expect(JSON.parse(answerPayload({ status: 'error', error: 'no "disk"' }, true))).toEqual({
      status: 'error',
      error: 'no "disk"',
      late: true,
    } satisfies AnswerPayload);
  });
});
