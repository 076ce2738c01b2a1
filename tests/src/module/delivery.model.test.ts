// Random commands of five agents with a group and a work queue. After every command the invariants at the head of
// `delivery-invariants.ts` hold. A failure prints its seed; AGORA_MODEL_SEED runs it again.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt, type LabAgent, type Row } from '../support/module-lab.ts';
import { checkInvariants, takeSnapshot, type Snapshot, FINAL_FAILURE } from './delivery-invariants.ts';

const TARGETS = [
  ['Able'],
  ['Strict'],
  ['Work1'],
  ['@work'],
  ['@work'],
  ['#crew'],
  ['Able', 'Strict', '@work'],
] as const;
const SETTLING = [
  'acknowledge',
  'fail',
  'retry',
  'respond',
  'askBack',
  'askOther',
  'extend',
  'progress',
  'again',
] as const;

const send = fc.record({
  do: fc.constant('send' as const),
  to: fc.constantFrom(...TARGETS),
  priority: fc.constantFrom(1, 2, 3, 4),
  delayMs: fc.constantFrom(0, 0, 0, 700, 5_000),
  ttlMs: fc.constantFrom(0, 0, 0, 6_000, 62_000),
  answerWithinMs: fc.constantFrom(0, 0, 8_000, 70_000),
});
const settle = fc.record({ do: fc.constant('settle' as const), how: fc.constantFrom(...SETTLING), pick: fc.nat(30) });
const wrong = fc.record({ do: fc.constant('wrong' as const), pick: fc.nat(30) });
const cancel = fc.record({ do: fc.constant('cancel' as const), pick: fc.nat(30) });
const reply = fc.record({ do: fc.constant('reply' as const), pick: fc.nat(30) });
const take = fc.record({ do: fc.constant('take' as const), pick: fc.nat(30) });
const act = fc.oneof(
  { weight: 6, arbitrary: send },
  { weight: 8, arbitrary: settle },
  { weight: 1, arbitrary: cancel },
  { weight: 1, arbitrary: reply },
  { weight: 1, arbitrary: take },
);
const who = fc.nat(4);
const command = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('call' as const), who, acts: fc.tuple(act) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      who,
      acts: fc.array(fc.oneof({ weight: 4, arbitrary: act }, { weight: 1, arbitrary: wrong }), {
        minLength: 2,
        maxLength: 6,
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 240, 1_300, 3_000, 6_000, 61_000, 290_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('return' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), who, concurrency: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('status' as const),
      who,
      status: fc.constantFrom('active', 'active', 'draining', 'busy'),
    }),
  },
);

type Values<T> = T extends fc.Arbitrary<infer Value> ? Value : never;
type Command = Values<typeof command>;
type Doing = Values<typeof act> | Values<typeof wrong>;
type Act = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Five agents, and the acts that they performed. */
class DeliveryScene {
  readonly #lab: ModuleLab;
  readonly #agents: readonly LabAgent[];
  readonly #taken: Row[] = [];
  #last: Snapshot;
  #ids = 0;

  constructor(lab: ModuleLab, credit: number) {
    this.#lab = lab;
    this.#agents = [
      lab.register('Sender'),
      lab.register('Able', { credit }),
      lab.register('Strict', { credit, strictPriority: true }),
      lab.register('Work1', { credit, capabilities: ['work'] }),
      lab.register('Work2', { credit: 2, capabilities: ['other', 'work'] }),
    ];
    for (const agent of this.#agents) {
      agent.attach();
      agent.call('join_group', { agent: agent.id, group: '#crew' });
    }
    this.#last = takeSnapshot(lab);
  }

  perform(command: Command): void {
    // Commands are a millisecond apart, so that timestamps show their order.
    this.#advance(1);
    if (command.do === 'wait') return this.#advance(command.ms);
    const agent = this.#agents[command.who];
    if (!agent) return;
    switch (command.do) {
      case 'call':
        return this.#call(
          agent,
          command.acts.map(doing => this.#actOf(agent, doing)).filter(each => each !== undefined),
        );
      case 'leave':
        agent.leave();
        break;
      case 'return':
        agent.attach();
        break;
      case 'restart':
        agent.leave();
        agent.attachProcess({ isNew: true, concurrency: command.concurrency });
        break;
      case 'status':
        agent.call('set_status', { agent: agent.id, status: command.status });
    }
    this.#check();
  }

  /** Advances time and checks at each moment at which a timer is due. */
  #advance(ms: number): void {
    const end = this.#lab.now + BigInt(ms) * 1000n;
    for (;;) {
      const slots = this.#lab.rows('due_slot').map(row => BigInt(Number(row['slot'])) * 250_000n);
      const next = slots.reduce((least, each) => (each < least ? each : least), end);
      const until = next > end ? end : next;
      this.#lab.advance(Number(until - this.#lab.now) / 1000);
      this.#check();
      if (until >= end) return;
    }
  }

  /** Like a batch of a client: drops refused acts and sends the rest again. */
  #call(agent: LabAgent, acts: readonly Act[]): void {
    if (acts.length === 0) return;
    const refused = refusedOf(agent, acts);
    if (refused.size > 0) {
      expect(takeSnapshot(this.#lab), 'a refused call changes no row').toEqual(this.#last);
      // Without the refused acts others of the call may succeed or be refused, so this repeats until none is refused.
      return this.#call(
        agent,
        acts.filter((_, at) => !refused.has(at)),
      );
    }
    const given = new Set(
      acts.flatMap(act => (act['Fail']?.['retry'] === true ? [String(act['Fail']['delivery'])] : [])),
    );
    for (const { Acknowledge: taken } of acts) {
      const notice = this.#last.notices.find(row => taken?.['attempt'] === 0 && row['id'] === taken['delivery']);
      if (notice && !this.#taken.includes(notice)) this.#taken.push(notice);
    }
    this.#check(given);
  }

  #check(givenBack: ReadonlySet<string> = new Set()): void {
    const now = takeSnapshot(this.#lab);
    checkInvariants(this.#last, now, { taken: this.#taken, givenBack });
    this.#last = now;
  }

  #actOf(agent: LabAgent, doing: Doing): Act | undefined {
    switch (doing.do) {
      case 'send': {
        const { do: _, ...fields } = doing;
        const isAsk = fields.to.length === 1 && !fields.to[0].startsWith('#') && fields.answerWithinMs > fields.delayMs;
        return { Send: agent.message({ ...fields, answerWithinMs: isAsk ? fields.answerWithinMs : 0 }) };
      }
      case 'settle':
        return this.#settling(agent, doing.how, doing.pick);
      case 'wrong':
        return doing.pick % 2 === 0
          ? { Send: agent.message({ to: ['Nobody'] }) }
          : { Acknowledge: { delivery: 7_777_777, attempt: 1 } };
      case 'cancel': {
        const sent = [...this.#last.messages.values()].filter(
          row => row['sender'] === agent.id && row['kind'] !== 'answer',
        );
        const message = sent[doing.pick % Math.max(1, sent.length)];
        return message ? { Cancel: { agent: agent.id, message: message['id'], reason: 'no more' } } : undefined;
      }
      case 'reply': {
        const open = this.#last.asks.filter(row => row['asker'] === agent.id && row['state'] === 'input_required');
        const ask = open[doing.pick % Math.max(1, open.length)];
        const id = this.#lab.nextMessageId();
        const answerWithinMs = doing.pick % 2 === 0 ? 0 : 30_000;
        return ask && { Reply: { id, agent: agent.id, ask: ask['message'], payload: '1', answerWithinMs } };
      }
      case 'take': {
        const mine = this.#last.notices.filter(row => row['agent'] === agent.id);
        const notice = mine[doing.pick % Math.max(1, mine.length)];
        return notice && { Acknowledge: { delivery: notice['id'], attempt: 0 } };
      }
    }
  }

  #settling(agent: LabAgent, how: (typeof SETTLING)[number], pick: number): Act | undefined {
    const mine = [...this.#last.held.values()].filter(row => row['agent'] === agent.id);
    const row = mine[pick % Math.max(1, mine.length)];
    if (!row) return undefined;
    const attempt = { delivery: row['id'], attempt: row['attempt'] };
    const answer = { ...attempt, id: uuidAt(this.#lab.nowMs, ++this.#ids), data: '1', error: '' };
    switch (how) {
      case 'acknowledge':
        return { Acknowledge: attempt };
      case 'fail':
      case 'retry':
        return { Fail: { ...attempt, reason: how === 'retry' ? 'because' : FINAL_FAILURE, retry: how === 'retry' } };
      case 'respond':
        return { Respond: { ...answer, status: 'success' } };
      case 'askBack':
        return { Respond: { ...answer, status: row['kind'] === 'ask' ? 'input_required' : 'success' } };
      case 'askOther':
        // The holder asks another agent and keeps its delivery until it has the answer.
        return { Send: agent.message({ to: [pick % 2 === 0 ? 'Able' : '@work'], answerWithinMs: 20_000 }) };
      case 'extend':
        return { Extend: { ...attempt, ms: pick % 2 === 0 ? 90_000 : 2_000 } };
      case 'progress':
        return row['kind'] === 'ask' ? { Progress: { ...attempt, number: pick + 1, data: '0.5' } } : undefined;
      case 'again':
        // Of another attempt: refused, or a repeated act.
        return { Acknowledge: { ...attempt, attempt: Number(row['attempt']) + 1 } };
    }
  }
}

/** The positions of the refused acts of a call; empty when it succeeds. */
function refusedOf(agent: LabAgent, acts: readonly Act[]): ReadonlySet<number> {
  try {
    agent.act(...acts);
    return new Set();
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    if (!text.startsWith('call/refused: ')) throw error;
    const list = JSON.parse(text.slice('call/refused: '.length)) as { readonly act: number }[];
    return new Set(list.map(each => each.act));
  }
}

describe('delivery under random commands', () => {
  test('keeps its invariants after every command', async () => {
    const seed = process.env['AGORA_MODEL_SEED'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { minLength: 20, maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 3 }),
        async (commands, credit) => {
          await using lab = await ModuleLab.open();
          const scene = new DeliveryScene(lab, credit);
          for (const each of commands) scene.perform(each);
        },
      ),
      { numRuns: 25, interruptAfterTimeLimit: 30_000, ...(seed ? { seed: Number(seed) } : {}) },
    );
  }, 60_000);
});
