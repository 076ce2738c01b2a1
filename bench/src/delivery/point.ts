// One point of the growth figures: the cost of each act at a number of stored messages and agents.

import type { Measurement, Round } from '../harness.ts';
import { median } from '../statistics.ts';
import { acknowledgeAct, acknowledgeBroadcastAct, BenchAgent, offered, sendAct } from './agents.ts';
import { DeliveryAudit } from './delivery-audit.ts';
import { columnsOf, Lab, tableOf, type Cost } from './lab.ts';

/** The amount of data before the measurement. */
export interface Point {
  /** Half of them are handled, half wait for an offline agent. */
  readonly stored: number;
  /** Registered and online agents, at least ten, besides the sender and an offline agent. */
  readonly agents: number;
}

/** Number of blocks per act: `GATHERED` single acts, then one gathered call of as many. */
export interface Blocks {
  readonly warmUp: number;
  readonly measured: number;
}

/** Acts in a gathered call. */
export const GATHERED = 64;
/** Members of the group, without the sender. */
const MEMBERS = 10;
/** Deliveries of a message to a target, if not one. */
const DELIVERIES: Readonly<Record<string, number>> = { '*': 0, '#ten': MEMBERS };
/** Credit of an agent: a whole gathered call is offered immediately. */
const CREDIT = 128;
/** Broadcasts of a block; the hub allows a million recipients per minute, so the clock moves on. */
const BLOCK_MS = 10_000;
/** Messages per call while the database is filled. */
const STORED_AT_ONCE = 128;

/** Figures of an act: µs of each single act, µs per act of each gathered call, rows of each single act. */
interface Seen {
  readonly single: number[];
  readonly gathered: number[];
  readonly rows: number[];
}

/** Measures a point in this process, from an empty database to its audit. */
export async function measurePoint(point: Point, blocks: Blocks, bundle?: URL): Promise<Round> {
  await using lab = await Lab.open(bundle);
  const scene = new Scene(lab, point);
  scene.store(point.stored);
  const seen = new Map<string, Seen>();
  for (let block = 0; block < blocks.warmUp + blocks.measured; block++) {
    if (block === blocks.warmUp) seen.clear();
    scene.block(seen);
  }
  const measurements = [...seen].flatMap(([act, { single, gathered, rows }]): Measurement[] => [
    { metric: act, unit: 'µs', value: median(single) },
    { metric: `${act}, ${GATHERED} in a call`, unit: 'µs', value: median(gathered) },
    { metric: `${act}: rows written`, unit: 'rows', value: median(rows) },
  ]);
  const faults = scene.faults();
  return { measurements, audited: scene.sent, faults };
}

/** A filled database with its agents. */
class Scene {
  readonly #lab: Lab;
  readonly #audit: DeliveryAudit;
  readonly #sender: BenchAgent;
  readonly #receiver: BenchAgent;
  readonly #away: BenchAgent;
  readonly #byId: ReadonlyMap<bigint, BenchAgent>;
  #storedMessages = 0;
  #storedEnded = 0;

  constructor(lab: Lab, { agents }: Point) {
    this.#lab = lab;
    this.#audit = new DeliveryAudit(lab.database);
    const register = (name: string, capability?: string) => {
      const registration = { name, credit: CREDIT, ...(capability !== undefined && { capability }) };
      return new BenchAgent(lab.database, lab.connect(), registration);
    };
    this.#sender = register('Sender');
    this.#away = register('Away');
    this.#receiver = register('Receiver');
    const workers = Array.from({ length: agents - 1 }, (_, n) => register(`Worker${n}`, 'bench'));
    const online = [this.#receiver, ...workers];
    for (const agent of [this.#sender, ...online]) agent.attach();
    for (const agent of online.slice(0, MEMBERS)) {
      agent.call('join_group', { agent: String(agent.id), group: '"#ten"' });
    }
    this.#byId = new Map(online.map(agent => [agent.id, agent]));
  }

  /** Number of messages sent in all. */
  get sent(): number {
    return this.#audit.sent;
  }

  /** Fills the database. */
  store(count: number): void {
    for (let left = count; left > 0; left -= STORED_AT_ONCE) {
      const acts = Math.min(left, STORED_AT_ONCE);
      const isHandled = left > count / 2;
      const to = isHandled ? 'Receiver' : 'Away';
      this.#send(this.#away, to, acts, acts);
      if (isHandled) this.#acknowledge();
      this.#lab.advance(10);
    }
    this.#storedMessages = tableOf(this.#lab.database, 'message').count;
    this.#storedEnded = tableOf(this.#lab.database, 'ended').count;
  }

  /** Measures every act, `GATHERED` times singly and as often in one call; then audits and removes the results. */
  block(seen: Map<string, Seen>): void {
    for (const batch of [1, GATHERED]) {
      note(seen, 'send', batch, this.#send(this.#sender, 'Receiver', GATHERED, batch));
      note(seen, 'acknowledge', batch, this.#acknowledge(batch));
      this.#forget();
      note(seen, 'broadcast', batch, this.#send(this.#sender, '*', GATHERED, batch));
      note(seen, 'acknowledge a broadcast', batch, this.#acknowledgeBroadcasts(batch));
      this.#forget();
      note(seen, 'send to a work queue', batch, this.#send(this.#sender, '@bench', GATHERED, batch));
      this.#acknowledge();
      this.#forget();
      note(seen, `send to a group of ${MEMBERS}`, batch, this.#send(this.#sender, '#ten', GATHERED, batch));
      this.#acknowledge();
      this.#forget();
    }
    this.#lab.advance(BLOCK_MS);
  }

  /** Compares the tables with the acts. */
  faults(): string[] {
    return this.#audit.faults();
  }

  #send(from: BenchAgent, to: string, count: number, batch: number): Cost[] {
    this.#audit.recordSent(count, DELIVERIES[to] ?? 1);
    const acts = Array.from({ length: count }, () => sendAct(from.id, to, this.#lab.nowMs));
    return perform(from, acts, batch);
  }

  /** Every agent acknowledges its offers, in the order of their numbers. */
  #acknowledge(batch = GATHERED): Cost[] {
    return [...offered(this.#lab.database)].flatMap(([agent, ids]) => {
      const holder = this.#byId.get(agent);
      return holder ? perform(holder, ids.sort((a, b) => (a < b ? -1 : 1)).map(acknowledgeAct), batch) : [];
    });
  }

  #acknowledgeBroadcasts(batch: number): Cost[] {
    const { id } = this.#receiver;
    const acts: string[] = [];
    for (const [seq] of columnsOf(tableOf(this.#lab.database, 'broadcast_log'), ['seq'])) {
      if (typeof seq === 'bigint') acts.push(acknowledgeBroadcastAct(id, seq));
    }
    return perform(this.#receiver, acts, batch);
  }

  /** Brings the database back to the size to which it was filled. */
  #forget(): void {
    this.#audit.check(0);
    this.#audit.checkBroadcasts(this.#receiver.id);
    const messages = this.#lab.forget('message', this.#storedMessages);
    this.#audit.recordRemoved(messages, this.#lab.forget('ended', this.#storedEnded));
    this.#lab.forget('broadcast_log', 0);
  }
}

/** Makes calls of `batch` acts each; all are encoded before the first is made. */
function perform(agent: BenchAgent, acts: readonly string[], batch: number): Cost[] {
  const calls = [];
  for (let at = 0; at < acts.length; at += batch) calls.push(agent.prepare(acts.slice(at, at + batch)));
  return calls.map(call => agent.act(call));
}

function note(seen: Map<string, Seen>, act: string, batch: number, costs: readonly Cost[]): void {
  const of = seen.get(act) ?? { single: [], gathered: [], rows: [] };
  seen.set(act, of);
  for (const { micros, rows } of costs) {
    if (batch === 1) of.rows.push(rows);
    (batch === 1 ? of.single : of.gathered).push(micros / batch);
  }
}
