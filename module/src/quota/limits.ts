// Limits of single agents and of the hub, as operators set them.

import { HUB_DEFAULTS, LIMITS } from '../contract/limits.ts';
import { type Hub, hubOf, writeHub } from '../hub.ts';
import { toMicros } from '../micros.ts';
import { refuse } from '../refuse.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Limits of an agent. */
export interface Limits {
  /** Messages and events per second, and how many in one burst. */
  readonly rate: number;
  readonly burst: number;
  readonly unfinished: number;
  readonly inboxLength: number;
  /** Recipients per minute. */
  readonly fanOut: number;
}

type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The longest retention: ten years. */
const MAX_RETENTION_MS = BigInt(LIMITS.delayMs) * 10n;

/** Returns the limits of an agent: its individual ones, or the hub's. */
export function limitsOf(unit: UnitOfWork, agent: bigint): Limits {
  const own = unit.hasQuotas ? unit.ctx.db.quota.agent.find(agent) : undefined;
  return own ?? unit.hub;
}

/** Changes the given limits of an agent or, with agent 0, those of the hub. */
export function setLimits(unit: UnitOfWork, agent: bigint, changes: Given<Limits>): void {
  const { db } = unit.ctx;
  for (const [name, value] of Object.entries(changes)) {
    if (value === 0) refuse('quota/bad-limit', `${name} must be at least 1`);
  }
  if (agent === 0n) return writeHub(db, given(changes));
  if (!unit.box(agent)) refuse('agent/unknown', `there is no agent ${agent}`);
  const own = db.quota.agent.find(agent);
  const { rate, burst, unfinished, inboxLength, fanOut } = own ?? hubOf(db);
  const row = { agent, rate, burst, unfinished, inboxLength, fanOut, ...given(changes) };
  if (own) db.quota.agent.update(row);
  else db.quota.insert(row);
}

/** Removes the limits of an agent or, with agent 0, resets those of the hub. Returns false if there were none. */
export function clearLimits(unit: UnitOfWork, agent: bigint): boolean {
  const { db } = unit.ctx;
  if (agent !== 0n) return db.quota.agent.delete(agent);
  const { rate, burst, unfinished, inboxLength, fanOut } = HUB_DEFAULTS;
  writeHub(db, { rate, burst, unfinished, inboxLength, fanOut });
  return true;
}

/** Changes the given storage limit, retention times and bound of hops of the hub, and returns them. */
export function setStorage(
  unit: UnitOfWork,
  changes: Given<Pick<Hub, 'storedBytes' | 'keepMessagesMs' | 'keepEventsMs' | 'keepWorkflowsMs' | 'hops'>>,
): Partial<Hub> {
  const { storedBytes, hops, ...times } = changes;
  if (hops === 0) refuse('quota/bad-limit', 'hops must be at least 1');
  if (storedBytes === 0n || (storedBytes ?? 0n) > BigInt(Number.MAX_SAFE_INTEGER))
    refuse('quota/bad-limit', `storedBytes must be 1 to ${Number.MAX_SAFE_INTEGER}`);
  for (const [name, ms] of Object.entries(times)) {
    if (ms !== undefined && (ms < BigInt(LIMITS.minRetentionMs) || ms > MAX_RETENTION_MS))
      refuse('quota/bad-limit', `${name} must be ${LIMITS.minRetentionMs} to ${MAX_RETENTION_MS}`);
  }
  // What was deleted stays unknown, so that its ids stay refused after a longer retention is set.
  let { idsSince } = unit.hub;
  for (const name of ['keepMessagesMs', 'keepEventsMs', 'keepWorkflowsMs'] as const) {
    const kept = unit.hub[name];
    const deletedUntil = (times[name] ?? kept) > kept ? unit.now - toMicros(kept) : 0n;
    if (deletedUntil > idsSince) idsSince = deletedUntil;
  }
  const written: Partial<Hub> = { ...given(times), ...given({ storedBytes, hops }) };
  writeHub(unit.ctx.db, { ...written, idsSince });
  return written;
}

/** Drops fields that are undefined. */
function given<T extends object>(fields: Given<T>): Partial<T> {
  // Safe: all entries are fields of T with their types.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
