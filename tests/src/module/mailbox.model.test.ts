// Random sends, ends and short absences of one recipient against a naive model of its mailbox.
//
// I1  After every command the offers are exactly those of the model.
// I2  At most `credit` deliveries are held, and at most `criticalCredit` critical ones beyond.
// I3  No delivery is lost: each accepted one is either waiting, offered or ended.

import { BOOST_MS, LIMITS, type Priority } from '@agora/module/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt, type LabAgent } from '../support/module-lab.ts';

type Command =
  | { readonly do: 'send'; readonly priority: Priority }
  | { readonly do: 'acknowledge' | 'fail'; readonly pick: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'leave' | 'return' };

const priority = fc.constantFrom<Priority>(1, 2, 3, 4);
const commands = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), priority }) },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constantFrom('acknowledge' as const, 'fail' as const), pick: fc.nat(40) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 59_000, 240_000, 1_500_000) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'return' as const) }) },
  ),
  { maxLength: 50 },
);

interface ModelDelivery {
  readonly message: string;
  readonly priority: Priority;
  readonly availableAt: bigint;
  state: 'queued' | 'offered' | 'ended';
}

/** The rule of the model: while there is credit, offer the queued delivery of the best rank. */
function offerByRule(deliveries: readonly ModelDelivery[], credit: number): void {
  const rank = (delivery: ModelDelivery) => Number(delivery.availableAt / 1000n) - BOOST_MS[delivery.priority];
  for (;;) {
    const held = deliveries.filter(delivery => delivery.state === 'offered');
    const mayAny = held.length < credit;
    const mayCritical = held.filter(delivery => delivery.priority === 4).length < LIMITS.criticalCredit;
    const next = deliveries
      .filter(delivery => delivery.state === 'queued' && (mayAny || (mayCritical && delivery.priority === 4)))
      .sort(
        (a, b) =>
          rank(a) - rank(b) || Number(a.availableAt - b.availableAt) || deliveries.indexOf(a) - deliveries.indexOf(b),
      )[0];
    if (!next) return;
    next.state = 'offered';
  }
}

/** One mailbox and its model. */
class MailboxScene {
  readonly deliveries: ModelDelivery[] = [];
  readonly #lab: ModuleLab;
  readonly #sender: LabAgent;
  readonly #recipient: LabAgent;
  readonly #credit: number;
  #isOnline = true;

  constructor(lab: ModuleLab, credit: number) {
    this.#lab = lab;
    this.#credit = credit;
    this.#sender = lab.register('Sender');
    this.#recipient = lab.register('Recipient', { credit });
    this.#recipient.attach();
  }

  perform(command: Command): void {
    switch (command.do) {
      case 'send':
        this.#send(command.priority);
        break;
      case 'acknowledge':
      case 'fail':
        this.#end(command.do, command.pick);
        break;
      case 'wait':
        this.#wait(command.ms);
        break;
      case 'leave':
        this.#recipient.leave();
        this.#isOnline = false;
        break;
      case 'return':
        this.#recipient.attach();
        this.#isOnline = true;
    }
    if (this.#isOnline) offerByRule(this.deliveries, this.#credit);
  }

  #send(wanted: Priority): void {
    const message = uuidAt(this.#lab.nowMs, this.deliveries.length);
    this.#sender.act({ Send: this.#sender.message({ id: message, to: ['Recipient'], priority: wanted }) });
    this.deliveries.push({ message, priority: wanted, availableAt: this.#lab.now, state: 'queued' });
  }

  #end(how: 'acknowledge' | 'fail', pick: number): void {
    const held = this.deliveries.filter(delivery => delivery.state === 'offered');
    const ended = held[pick % Math.max(1, held.length)];
    if (!ended) return;
    const delivery = this.#lab.rows('offer').find(row => row['message'] === ended.message)?.['id'];
    const attempt = { delivery, attempt: 1 };
    if (how === 'acknowledge') this.#recipient.act({ Acknowledge: attempt });
    else this.#recipient.act({ Fail: { ...attempt, reason: 'because', retry: false } });
    ended.state = 'ended';
  }

  /** Advances time with all leases extended; other tests let leases end. */
  #wait(ms: number): void {
    if (!this.#isOnline) return;
    for (const row of this.#lab.rows('offer')) {
      if (row['attempt'] === 0) continue; // a notice
      this.#recipient.act({ Extend: { delivery: row['id'], attempt: 1, ms: LIMITS.maxLeaseMs } });
    }
    this.#lab.advance(ms);
  }

  check(): void {
    const messages = (table: string) =>
      this.#lab
        .rows(table)
        .filter(row => row['attempt'] !== 0) // notices
        .map(row => String(row['message']))
        .sort();
    const inState = (state: ModelDelivery['state']) =>
      this.deliveries
        .filter(delivery => delivery.state === state)
        .map(delivery => delivery.message)
        .sort();
    expect(messages('offer')).toEqual(inState('offered'));
    expect(messages('waiting')).toEqual(inState('queued'));
    expect(messages('ended')).toEqual(inState('ended'));
    expect(inState('offered').length).toBeLessThanOrEqual(this.#credit + LIMITS.criticalCredit);
  }
}

describe('a mailbox under random commands', () => {
  test('offers by the rule, within the credit, and loses no delivery', async () => {
    await fc.assert(
      fc.asyncProperty(commands, fc.integer({ min: 1, max: 3 }), async (list, credit) => {
        await using lab = await ModuleLab.open();
        const scene = new MailboxScene(lab, credit);
        for (const command of list) {
          scene.perform(command);
          scene.check();
        }
      }),
      { numRuns: 30 },
    );
  }, 60_000);
});
