// One point of the growth figures: so many messages stored, so many agents, and what each act costs there.

import type { Measurement, Round } from '../harness.ts';
import { median } from '../statistics.ts';
import { acknowledgeAct, acknowledgeBroadcastAct, BenchAgent, offered, sendAct } from './agents.ts';
import { Books } from './books.ts';
import { columnsOf, Lab, tableOf, type Cost } from './lab.ts';

/** How much there is before anything is measured. */
export interface Point {
  /** Half of them handled, half waiting for an agent that is away. */
  readonly stored: number;
  /** Registered and online, ten at least. The sender, and one that is away, come on top. */
  readonly agents: number;
}

/** How often every act is measured, in blocks of `GATHERED` single acts and one gathered call of as many. */
export interface Blocks {
  readonly warmUp: number;
  readonly measured: number;
}

/** Acts in a gathered call. */
export const GATHERED = 64;
/** Members of the group that is sent to; its sender is none of them. */
const MEMBERS = 10;
/** Deliveries that a message to a target makes, where they are not one. */
const DELIVERIES: Readonly<Record<string, number>> = { '*': 0, '#ten': MEMBERS };
/** What an agent may hold: a gathered call is offered at once. */
const CREDIT = 128;
/** A block says this much to everyone; the hub allows a million recipients a minute, so the clock moves on. */
const BLOCK_MS = 10_000;
/** Messages are stored in calls of this many. */
const STORED_AT_ONCE = 128;

/** What was seen of an act: µs of each single one, µs per act of each gathered call, rows of each single one. */
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

/** A database with agents that wait to be measured. */
class Scene {
  readonly #lab: Lab;
  readonly #books: Books;
  readonly #sender: BenchAgent;
  readonly #receiver: BenchAgent;
  readonly #away: BenchAgent;
  readonly #byId: ReadonlyMap<bigint, BenchAgent>;
  #storedMessages = 0;
  #storedEnded = 0;

  constructor(lab: Lab, { agents }: Point) {
    this.#lab = lab;
    this.#books = new Books(lab.database);
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

  /** How many messages were sent in all. */
  get sent(): number {
    return this.#books.sent;
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

  /** Every act, `GATHERED` times singly and as often in one call; what came of it is audited and forgotten. */
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

  /** What the tables say against what was done. */
  faults(): string[] {
    return this.#books.faults();
  }

  #send(from: BenchAgent, to: string, count: number, batch: number): Cost[] {
    this.#books.isSent(count, DELIVERIES[to] ?? 1);
    const acts = Array.from({ length: count }, () => sendAct(from.id, to, this.#lab.nowMs));
    return perform(from, acts, batch);
  }

  /** Everybody acknowledges what is offered to it, in the order of its numbers. */
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

  /** The database is as large again as it was when it was filled. */
  #forget(): void {
    this.#books.check(0);
    this.#books.checkBroadcasts(this.#receiver.id);
    const messages = this.#lab.forget('message', this.#storedMessages);
    this.#books.isForgotten(messages, this.#lab.forget('ended', this.#storedEnded));
    this.#lab.forget('broadcast_log', 0);
  }
}

/** Makes calls of `batch` acts each; they are encoded before any of them is made. */
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
