// Random sends, ends and short absences of one recipient against a naive model of its mailbox.
//
// I1  What is offered is exactly what the rule offers, after every step.
// I2  At most `credit` duties are held, and `criticalCredit` critical ones beyond.
// I3  Nothing is lost: each delivery accepted is waiting, offered or ended, and in one of them only.

import { BOOST_MS, LIMITS, type Priority } from '@agora/module/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt, type LabAgent } from '../support/module-lab.ts';

type Step =
  | { readonly do: 'send'; readonly priority: Priority }
  | { readonly do: 'acknowledge' | 'fail'; readonly pick: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'leave' | 'return' };

const priority = fc.constantFrom<Priority>(1, 2, 3, 4);
const steps = fc.array(
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

interface Duty {
  readonly message: string;
  readonly priority: Priority;
  readonly availableAt: bigint;
  state: 'queued' | 'offered' | 'ended';
}

/** The rule in its plainest words: while there is credit, the best rank of all that is queued. */
function offerByRule(duties: readonly Duty[], credit: number): void {
  const rank = (duty: Duty) => Number(duty.availableAt / 1000n) - BOOST_MS[duty.priority];
  for (;;) {
    const held = duties.filter(duty => duty.state === 'offered');
    const mayAny = held.length < credit;
    const mayCritical = held.filter(duty => duty.priority === 4).length < LIMITS.criticalCredit;
    const next = duties
      .filter(duty => duty.state === 'queued' && (mayAny || (mayCritical && duty.priority === 4)))
      .sort(
        (a, b) => rank(a) - rank(b) || Number(a.availableAt - b.availableAt) || duties.indexOf(a) - duties.indexOf(b),
      )[0];
    if (!next) return;
    next.state = 'offered';
  }
}

/** One mailbox and its model. */
class Scene {
  readonly duties: Duty[] = [];
  readonly #lab: ModuleLab;
  readonly #sender: LabAgent;
  readonly #recipient: LabAgent;
  readonly #credit: number;
  #isThere = true;

  constructor(lab: ModuleLab, credit: number) {
    this.#lab = lab;
    this.#credit = credit;
    this.#sender = lab.register('Sender');
    this.#recipient = lab.register('Recipient', { credit });
    this.#recipient.attach();
  }

  perform(step: Step): void {
    switch (step.do) {
      case 'send':
        this.#send(step.priority);
        break;
      case 'acknowledge':
      case 'fail':
        this.#end(step.do, step.pick);
        break;
      case 'wait':
        this.#wait(step.ms);
        break;
      case 'leave':
        this.#recipient.leave();
        this.#isThere = false;
        break;
      case 'return':
        this.#recipient.attach();
        this.#isThere = true;
    }
    if (this.#isThere) offerByRule(this.duties, this.#credit);
  }

  #send(wanted: Priority): void {
    const message = uuidAt(this.#lab.nowMs, this.duties.length);
    this.#sender.act({ Send: this.#sender.message({ id: message, to: ['Recipient'], priority: wanted }) });
    this.duties.push({ message, priority: wanted, availableAt: this.#lab.now, state: 'queued' });
  }

  #end(how: 'acknowledge' | 'fail', pick: number): void {
    const held = this.duties.filter(duty => duty.state === 'offered');
    const duty = held[pick % Math.max(1, held.length)];
    if (!duty) return;
    const delivery = this.#lab.rows('offer').find(row => row['message'] === duty.message)?.['id'];
    const attempt = { delivery, attempt: 1 };
    if (how === 'acknowledge') this.#recipient.act({ Acknowledge: attempt });
    else this.#recipient.act({ Fail: { ...attempt, reason: 'because', retry: false } });
    duty.state = 'ended';
  }

  /** Time passes with every lease extended: leases that end have tests of their own. */
  #wait(ms: number): void {
    if (!this.#isThere) return;
    for (const row of this.#lab.rows('offer')) {
      this.#recipient.act({ Extend: { delivery: row['id'], attempt: 1, ms: LIMITS.maxLeaseMs } });
    }
    this.#lab.advance(ms);
  }

  check(): void {
    const messages = (table: string) =>
      this.#lab
        .rows(table)
        .map(row => String(row['message']))
        .sort();
    const inState = (state: Duty['state']) =>
      this.duties
        .filter(duty => duty.state === state)
        .map(duty => duty.message)
        .sort();
    expect(messages('offer')).toEqual(inState('offered'));
    expect(messages('waiting')).toEqual(inState('queued'));
    expect(messages('ended')).toEqual(inState('ended'));
    expect(inState('offered').length).toBeLessThanOrEqual(this.#credit + LIMITS.criticalCredit);
  }
}

describe('a mailbox under random happenings', () => {
  test('offers by the rule, within the credit, and loses nothing', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (list, credit) => {
        await using lab = await ModuleLab.open();
        const scene = new Scene(lab, credit);
        for (const step of list) {
          scene.perform(step);
          scene.check();
        }
      }),
      { numRuns: 30 },
    );
  }, 60_000);
});
