// Audit of the module's tables: fates for the ledger, and incomplete groups of rows.

import { z } from 'zod';
import type { HostProcess } from './host-process.ts';
import type { Numbers } from './ledger.ts';

/** The rows of every batch. */
export const BATCH = 40;

/** The content of the tables. */
export interface Findings {
  /** By key: `entry/OP`, `batch/OP`, `move/OP`, `plan/OP`. */
  readonly fates: ReadonlyMap<string, string>;
  /** Plans that have run. */
  readonly ended: ReadonlySet<string>;
  readonly half: readonly string[];
}

const id = z.number();
const op = z.string();

/** Reads every table and checks pairs and sums; numbers of sequences go into `numbers`. */
export async function audit(host: HostProcess, numbers: Numbers): Promise<Findings> {
  const entries = await host.rows('id, op, value', 'entry', z.tuple([id, op, z.number()]));
  const halves = await host.rows('op, entry_id, value', 'half', z.tuple([op, id, z.number()]));
  const parts = await host.rows('id, op, at', 'part', z.tuple([id, op, z.number()]));
  const accounts = await host.rows('id, base, balance', 'account', z.tuple([id, z.number(), z.number()]));
  const moves = await host.rows('op, source, target, amount', 'move', z.tuple([op, id, id, z.number()]));
  const tasks = await host.rows('scheduled_id, op', 'task', z.tuple([id, op]));
  const dones = await host.rows('op', 'done', z.tuple([op]));

  const fates = new Map<string, string>();
  const half: string[] = [];

  const halfOf = new Map(halves.map(([name, entryId, value]) => [name, { entryId, value }]));
  for (const [number, name, value] of entries) {
    numbers.note('entry', number, name);
    fates.set(`entry/${name}`, String(value));
    const other = halfOf.get(name);
    if (other?.entryId !== number || other.value + value !== 0) half.push(`entry ${name} and its half do not fit`);
    halfOf.delete(name);
  }
  for (const name of halfOf.keys()) half.push(`half ${name} has no entry`);

  for (const [number, name, at] of parts) numbers.note('part', number, `${name}#${at}`);
  for (const [name, rows] of Map.groupBy(parts, ([, name]) => name)) {
    fates.set(`batch/${name}`, 'whole');
    const places = new Set(rows.map(([, , at]) => at));
    if (rows.length !== BATCH || places.size !== BATCH) half.push(`batch ${name} has ${rows.length} rows of ${BATCH}`);
  }

  const balances = new Map(accounts.map(([account, base]) => [account, base]));
  for (const [name, source, target, amount] of moves) {
    fates.set(`move/${name}`, 'moved');
    balances.set(source, (balances.get(source) ?? 0) - amount);
    balances.set(target, (balances.get(target) ?? 0) + amount);
  }
  for (const [account, , balance] of accounts) {
    const should = balances.get(account);
    if (balance !== should) half.push(`account ${account} holds ${balance}, and its moves add up to ${should}`);
  }

  const waiting = new Set<string>();
  for (const [number, name] of tasks) {
    numbers.note('task', number, name);
    fates.set(`plan/${name}`, 'planned');
    waiting.add(name);
  }
  const ended = new Set<string>();
  for (const [name] of dones) {
    fates.set(`plan/${name}`, 'planned');
    if (!waiting.has(name)) ended.add(`plan/${name}`);
  }
  return { fates, ended, half };
}
