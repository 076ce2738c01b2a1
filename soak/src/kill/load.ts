// Load on the host: several clients of the official library, each with several confirmed calls in flight.

import { BATCH } from './audit.ts';
import { connect, ConnectionEnded, subscribe, type Client } from './client.ts';
import type { Ledger, Numbers } from './ledger.ts';
import type { Random } from './random.ts';

const CLIENTS = 4;
const CALLS_EACH = 6;

/** The clients of one process of a host. */
export class Load {
  readonly #clients: readonly Client[];
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #life: string;
  #calls = 0;
  /** Entries without a call in flight. */
  readonly #entries: string[];

  private constructor(clients: readonly Client[], ledger: Ledger, random: Random, life: string) {
    this.#clients = clients;
    this.#ledger = ledger;
    this.#random = random;
    this.#life = life;
    this.#entries = ledger.sure('entry/').map(key => key.slice('entry/'.length));
  }

  /** Connects the clients; one of them records the numbers of every row that it receives. */
  static async open(url: string, ledger: Ledger, numbers: Numbers, random: Random, life: string): Promise<Load> {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect(url)));
    const [first] = clients;
    if (first) {
      const { db } = first.connection;
      db.entry.onInsert((_ctx, row) => numbers.note('entry', row.id, row.op));
      db.part.onInsert((_ctx, row) => numbers.note('part', row.id, `${row.op}#${row.at}`));
      db.task.onInsert((_ctx, row) => numbers.note('task', row.scheduledId, row.op));
      const queries = ['entry', 'part', 'task'].map(table => `SELECT * FROM ${table}`);
      await Promise.race([subscribe(first.connection, queries), first.ended]);
    }
    return new Load(clients, ledger, random, life);
  }

  /** Number of calls that were started. */
  get calls(): number {
    return this.#calls;
  }

  /** Removes all rows of some keys in one transaction. */
  async sweep(keys: readonly string[]): Promise<void> {
    const [client] = this.#clients;
    if (!client || keys.length === 0) return;
    for (const key of keys) this.#ledger.begin(key, undefined);
    const ops = keys.map(key => key.slice(key.indexOf('/') + 1));
    await Promise.race([client.connection.reducers.sweep({ ops }), client.ended]);
    for (const key of keys) this.#ledger.confirm(key);
    const gone = new Set(ops);
    this.#entries.splice(0, Infinity, ...this.#entries.filter(op => !gone.has(op)));
  }

  /** Calls until the host ends; throws every other error. */
  async run(): Promise<void> {
    const loops = this.#clients.flatMap(client => Array.from({ length: CALLS_EACH }, () => this.#loop(client)));
    for (const { reason } of await Promise.allSettled(loops).then(all => all.filter(isRejected))) {
      if (!(reason instanceof ConnectionEnded)) throw reason;
    }
  }

  close(): void {
    for (const { connection } of this.#clients) connection.disconnect();
  }

  async #loop(client: Client): Promise<never> {
    for (;;) await this.#callOnce(client);
  }

  async #callOnce({ connection: { reducers }, ended }: Client): Promise<void> {
    const confirmed = async (key: string, fate: string | undefined, call: Promise<void>): Promise<void> => {
      this.#ledger.begin(key, fate);
      await Promise.race([call, ended]);
      this.#ledger.confirm(key);
    };
    const op = `${this.#life}.${++this.#calls}`;
    const value = Math.floor(this.#random() * 1e6);
    const kind = this.#random();
    if (kind < 0.15) {
      await confirmed(`batch/${op}`, 'whole', reducers.batch({ op, count: BATCH }));
    } else if (kind < 0.35) {
      const source = value % 16;
      const target = (source + 1 + (value % 15)) % 16;
      await confirmed(`move/${op}`, 'moved', reducers.transfer({ op, source, target, amount: BigInt(value % 100) }));
    } else if (kind < 0.45) {
      await confirmed(`plan/${op}`, 'planned', reducers.plan({ op, delayMicros: BigInt(value % 100_000) }));
    } else {
      const known = kind < 0.75 ? this.#takeEntry() : undefined;
      if (known === undefined) {
        await confirmed(`entry/${op}`, String(value), reducers.add({ op, value: BigInt(value) }));
        this.#entries.push(op);
      } else if (kind < 0.65) {
        await confirmed(`entry/${known}`, String(value), reducers.change({ op: known, value: BigInt(value) }));
        this.#entries.push(known);
      } else await confirmed(`entry/${known}`, undefined, reducers.remove({ op: known }));
    }
  }

  /** Takes one out, so that it has one call in flight at a time. */
  #takeEntry(): string | undefined {
    const at = Math.floor(this.#random() * this.#entries.length);
    return this.#entries.splice(at, 1)[0];
  }
}

function isRejected(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  return result.status === 'rejected';
}
