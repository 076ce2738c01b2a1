// Random acts of four agents. After every command all rows are counted again: each agent is charged for exactly the rows that it
// has caused, the tally is the sum, and the counters of each mailbox equal its rows. At the end all is given back.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt, type LabAgent, type Row } from '../support/module-lab.ts';
import { storedByAgent } from './stored-bytes.ts';

const NAMES = ['Ada', 'Bob', 'Cy', 'Dee'] as const;
const HOUR = 3_600_000;

const who = fc.nat(NAMES.length - 1);
const pick = fc.nat(40);
const send = fc.record({
  do: fc.constant('send' as const),
  who,
  to: fc.constantFrom(['Ada'], ['Bob'], ['Cy'], ['Bob', 'Cy'], ['@work'], ['*']),
  delayMs: fc.constantFrom(0, 0, 0, 2_000),
  ttlMs: fc.constantFrom(0, 0, 5_000, 90_000_000),
  answerWithinMs: fc.constantFrom(0, 0, 30_000),
  headers: fc.constantFrom('', '{"trace":"é"}'),
});
const SETTLING = ['acknowledge', 'fail', 'retry', 'respond', 'ask back', 'progress', 'finish', 'fail step'] as const;
const settle = fc.record({ do: fc.constant('settle' as const), how: fc.constantFrom(...SETTLING), pick });
const OTHERS = [
  'publish',
  'cancel',
  'reply',
  'status',
  'update',
  'leave',
  'return',
  'unregister',
  'register',
  'claim',
  'release',
] as const;
const other = fc.record({ do: fc.constantFrom(...OTHERS), who, pick });
const broadcast = fc.record({ do: fc.constantFrom('handle' as const, 'fail broadcast' as const), who, pick });
const workflow = fc.record({ do: fc.constantFrom('start' as const, 'watch' as const, 'stop' as const), who, pick });
const letter = fc.record({ do: fc.constantFrom('redrive' as const, 'purge' as const), pick });
const wait = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.constantFrom(300, 3_000, 20_000, 70_000, HOUR, 26 * HOUR),
});
const command = fc.oneof(
  { weight: 8, arbitrary: send },
  { weight: 10, arbitrary: settle },
  { weight: 6, arbitrary: other },
  { weight: 3, arbitrary: broadcast },
  { weight: 3, arbitrary: workflow },
  { weight: 1, arbitrary: letter },
  { weight: 4, arbitrary: wait },
);
type Values<T> = T extends fc.Arbitrary<infer Value> ? Value : never;
type Command = Values<typeof command>;

const STEPS = [
  { agent: 'Bob', action: 'list', compensate: { action: 'unlist' } },
  { agent: 'Cy', action: 'each', depends_on: ['list'], for_each: { step: 'list' }, timeout_ms: 60_000 },
  { action: 'sign', depends_on: ['list'], approval: { by: 'Dee', timeout_ms: 50_000 } },
  {
    action: 'inner',
    workflow: { workflow_type: 'inner', steps: [{ agent: 'Cy', action: 'x', retries: { attempts: 1 } }] },
  },
];

/** Four agents, and what they did. */
class Scene {
  readonly #lab: ModuleLab;
  readonly #agents: (LabAgent | undefined)[];
  readonly #workflows: string[] = [];
  #ids = 0;

  constructor(lab: ModuleLab) {
    this.#lab = lab;
    this.#agents = NAMES.map(name => this.#register(name));
  }

  #register(name: string): LabAgent {
    const agent = this.#lab.register(name, { credit: 2, capabilities: ['work'], metadata: '{"a":1}' });
    agent.attach();
    return agent;
  }

  perform(command: Command): void {
    this.#lab.advance(1);
    if (command.do === 'wait' && command.ms >= HOUR) this.#lab.sleep(command.ms);
    else if (command.do === 'wait') this.#lab.advance(command.ms);
    else if (command.do === 'settle') this.#settle(command);
    else if (!('who' in command)) {
      const rows = this.#lab.rows('dead_letter');
      const row = rows[command.pick % Math.max(1, rows.length)];
      if (row) this.#lab.owner.refusalCode(command.do, { no: row['no'] });
    } else this.#perform(command, this.#agents[command.who]);
    check(this.#lab);
  }

  #perform(command: Extract<Command, { who: number }>, agent: LabAgent | undefined) {
    if (command.do === 'register') {
      this.#agents[command.who] ??= this.#register(NAMES.at(command.who) ?? '');
      return;
    }
    if (!agent) return;
    const id = uuidAt(this.#lab.nowMs, ++this.#ids);
    switch (command.do) {
      case 'send': {
        const { who: _who, do: _do, ...fields } = command;
        this.#act(agent, { Send: agent.message({ ...fields, payload: '{"text":"ü"}' }) });
        break;
      }
      case 'publish':
        this.#act(agent, { Publish: { id, agent: agent.id, type: 'thing', data: '{"n":1}', headers: '' } });
        break;
      case 'claim': {
        const resources = [{ kind: 'path', key: `src/${command.pick % 3}.ts` }];
        const claim = { id, agent: agent.id, resources, shared: false, leaseMs: 15_000, waitMs: 10_000, note: 'ä' };
        this.#act(agent, { Claim: claim });
        break;
      }
      case 'release':
        this.#act(agent, { ReleaseClaim: { claim: this.#picked('claim', command.pick)?.['id'] ?? '' } });
        break;
      case 'cancel':
        this.#act(agent, {
          Cancel: { agent: agent.id, message: this.#picked('message', command.pick)?.['id'] ?? '', reason: 'no' },
        });
        break;
      case 'reply': {
        const ask = this.#picked('ask', command.pick, row => row['state'] === 'input_required')?.['message'] ?? '';
        this.#act(agent, { Reply: { id, agent: agent.id, ask, payload: '{}', answerWithinMs: 10_000 } });
        break;
      }
      case 'status':
        agent.call('set_status', { agent: agent.id, status: command.pick % 2 ? 'active' : 'busy' });
        break;
      case 'update':
        agent.call('update_agent', {
          agent: agent.id,
          capabilities: [command.pick % 2 ? 'work' : 'other'],
          metadata: `{"n":${'1'.repeat(command.pick)}0}`,
        });
        break;
      case 'leave':
        agent.leave();
        break;
      case 'return':
        agent.attach();
        break;
      case 'unregister':
        agent.call('unregister_agent', { agent: agent.id });
        this.#agents[command.who] = undefined;
        break;
      case 'handle':
        this.#act(agent, { AcknowledgeBroadcast: { agent: agent.id, seq: command.pick % 4 } });
        break;
      case 'fail broadcast':
        this.#act(agent, {
          FailBroadcast: {
            agent: agent.id,
            seq: command.pick % 4,
            attempt: 1,
            reason: 'no',
            retry: command.pick % 2 === 0,
          },
        });
        break;
      case 'start': {
        const definition = JSON.stringify({ workflow_type: 'work', steps: STEPS, deadline_ms: 300_000 });
        if (agent.refusalCode('start_workflow', { id, agent: agent.id, definition }) === undefined)
          this.#workflows.push(id);
        break;
      }
      case 'watch':
        agent.refusalCode('watch_workflow', { workflow: this.#workflows[command.pick % 3] ?? '' });
        break;
      case 'stop':
        agent.refusalCode('cancel_workflow', { workflow: this.#workflows[command.pick % 3] ?? '', reason: 'stop' });
    }
  }

  /** Performs an act; a refused one changes nothing. */
  #act(agent: LabAgent, act: Readonly<Record<string, unknown>>): void {
    agent.refusalCode('perform_acts', { acts: [act] });
  }

  #picked(table: string, at: number, isWanted: (row: Row) => boolean = () => true): Row | undefined {
    const rows = this.#lab.rows(table).filter(isWanted);
    return rows[at % Math.max(1, rows.length)];
  }

  #settle({ how, pick: at }: Values<typeof settle>): void {
    const row = this.#picked('offer', at);
    const agent = this.#agents.find(each => each?.id === row?.['agent']);
    if (!row || !agent) return;
    const attempt = { delivery: row['id'], attempt: row['attempt'] };
    const id = uuidAt(this.#lab.nowMs, ++this.#ids);
    const answer = { ...attempt, id, data: '{"a":"ä"}', error: '' };
    const acts = {
      acknowledge: { Acknowledge: attempt },
      fail: { Fail: { ...attempt, reason: 'because', retry: false } },
      retry: { Fail: { ...attempt, reason: 'because', retry: true } },
      respond: { Respond: { ...answer, status: 'success' } },
      'ask back': { Respond: { ...answer, status: 'input_required' } },
      progress: { Progress: { ...attempt, number: this.#ids, data: `"${'x'.repeat(at)}"` } },
      finish: { FinishStep: { ...attempt, output: `["a",${JSON.stringify('ö'.repeat(at * 100))}]` } },
      'fail step': { FailStep: { ...attempt, error: 'broke', retry: false } },
    };
    this.#act(agent, acts[how]);
  }

  /** Ends all work and waits until everything is past its retention. */
  end(): void {
    for (const agent of this.#agents) agent?.call('unregister_agent', { agent: agent.id });
    for (let month = 0; month < 6; month++) {
      for (let day = 0; day < 3; day++) {
        this.#lab.sleep(25 * HOUR);
        this.#lab.advance(90_000);
      }
      this.#lab.sleep(31 * 24 * HOUR);
      this.#lab.advance(90_000);
    }
    check(this.#lab);
    expect(this.#lab.rows('account').map(row => row['agent'])).toEqual([0]);
    expect(this.#lab.rows('mailbox')).toEqual([]);
  }
}

function check(lab: ModuleLab): void {
  const stored = storedByAgent(lab);
  const accounts = lab.rows('account').filter(row => row['stored'] !== 0);
  expect(Object.fromEntries(accounts.map(row => [String(row['agent']), row['stored']]))).toEqual(stored);
  const sum = Object.values(stored).reduce((all, each) => all + each, 0);
  expect(lab.rows('tally')).toMatchObject([{ bytes: sum }]);
  checkMailboxes(lab);
}

/** Compares the counters of each mailbox with its rows. */
function checkMailboxes(lab: ModuleLab): void {
  const of = (rows: readonly Row[], agent: unknown) => rows.filter(row => row['agent'] === agent).length;
  const [offers, waiting, queued] = [lab.rows('offer'), lab.rows('waiting'), lab.rows('notice')];
  for (const box of lab.rows('mailbox')) {
    const { agent } = box;
    expect(box).toMatchObject({
      held: of(
        offers.filter(row => row['attempt'] !== 0),
        agent,
      ),
      waiting: of(
        waiting.filter(row => row['lane'] !== 0),
        agent,
      ),
      delayed: of(
        waiting.filter(row => row['lane'] === 0),
        agent,
      ),
    });
    expect(Number(box['notice_tail']) - Number(box['notice_head'])).toBe(of(queued, agent));
  }
}

describe('what agents store', () => {
  test('is charged to them exactly, and given back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async commands => {
        await using lab = await ModuleLab.open();
        lab.owner.call('set_hub_limits', { keepMessagesMs: 60_000, keepEventsMs: 60_000, keepWorkflowsMs: 60_000 });
        const scene = new Scene(lab);
        for (const each of commands) scene.perform(each);
        scene.end();
      }),
      { numRuns: Number(process.env['AGORA_MODEL_RUNS'] ?? 25), seed: Number(process.env['AGORA_MODEL_SEED'] ?? 1) },
    );
  }, 120_000);
});
