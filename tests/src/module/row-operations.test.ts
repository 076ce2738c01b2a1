// Row operations of the hot paths: a bound for each, so that a change that adds one is noticed.

import { countRowCalls } from '@agora/host/testing';
import { expect, test } from 'vitest';
import { ModuleLab, type LabAgent } from '../support/module-lab.ts';

const GATHERED = 64;

/** A sender and a recipient that have sent and acknowledged before. */
async function two(credit: number) {
  const lab = await ModuleLab.open();
  const sender = lab.register('Sender');
  const recipient = lab.register('Recipient', { credit });
  recipient.attach();
  send(sender);
  acknowledge(recipient);
  return { lab, sender, recipient, [Symbol.asyncDispose]: () => lab.close() };
}

function send(sender: LabAgent, count = 1): number {
  const acts = Array.from({ length: count }, () => ({ Send: sender.message({ to: ['Recipient'] }) }));
  return countRowCalls(() => sender.act(...acts)).all;
}

function acknowledge(recipient: LabAgent): number {
  const acts = recipient.inbox().map(row => ({ Acknowledge: { delivery: row['id'], attempt: row['attempt'] } }));
  return countRowCalls(() => recipient.act(...acts)).all;
}

test('a message that is offered immediately needs 10 row operations, and its acknowledgement 8', async () => {
  await using scene = await two(1);
  expect(send(scene.sender)).toBeLessThanOrEqual(10);
  expect(acknowledge(scene.recipient)).toBeLessThanOrEqual(8);
});

test('a queued message needs 10, and the acknowledgement that offers it 11', async () => {
  await using scene = await two(1);
  send(scene.sender, 3);
  expect(send(scene.sender)).toBeLessThanOrEqual(10);
  expect(acknowledge(scene.recipient)).toBeLessThanOrEqual(11);
});

test('in calls of 64, a queued message needs at most 2.2, and the acknowledgement that offers it 6.2', async () => {
  await using scene = await two(GATHERED);
  send(scene.sender, GATHERED);
  expect(send(scene.sender, GATHERED) / GATHERED).toBeLessThanOrEqual(2.2);
  expect(acknowledge(scene.recipient) / GATHERED).toBeLessThanOrEqual(6.2);
});

test('the acknowledgement of a broadcast needs 5', async () => {
  await using scene = await two(1);
  const { sender, recipient } = scene;
  const take = (seq: number) =>
    countRowCalls(() => recipient.act({ AcknowledgeBroadcast: { agent: recipient.id, seq } })).all;
  sender.send('*');
  sender.send('*');
  take(1);
  expect(take(2)).toBeLessThanOrEqual(5);
});
