// Timers: each is a row in the time slot in which it fires. No timer depends on another one:
//
// I1  A timer is deleted in the transaction that fires it, and only there; or it is set aside after `timerTries` failures.
// I2  Every timer has a scheduled call for its chunk, or `recover.ts` finds it: its slot keeps a row in `dueCount`.
// I3  A timer whose call failed is fired again in a call of its own.

import { ScheduleAt } from 'spacetimedb';
import { ROW_BYTES } from '../contract/limits.ts';
import type { Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** A stored timer. */
export type Due = NonNullable<ReturnType<Ctx['db']['due']['id']['find']>>;

/** Kinds of timers; `published/sweep-slot.ts` has the action of each. */
export const TIMERS = [
  'mailbox',
  'requeue',
  'refill',
  'ask',
  'expire',
  'dependents',
  'broadcast',
  'unregistered',
  'deserted',
  'pulse',
  'approval',
  'approver',
  'approver-left',
  'step-timeout',
  'step-retry',
  'workflow-deadline',
  'workflow-jobs',
  'workflow-held',
  'forget',
  'workflow',
  'redrive',
  'purge',
  'unadmitted',
  'count',
  'claim-lease',
  'claim-wait',
  'claim-absent',
] as const;
/** One of `TIMERS`. */
export type Timer = (typeof TIMERS)[number];

/** Timers that are checked once a day, since their subject may be deleted long before their time. */
const CHECKED = ['expire', 'step-timeout', 'workflow-deadline', 'deserted'] as const satisfies readonly Timer[];
/** One of `CHECKED`. */
export type Checked = (typeof CHECKED)[number];
const CHECK_MICROS = 86_400_000_000n;

/** Length of a slot, the maximum lateness of a timer. One scheduled row fires up to `CHUNK` timers of a slot. */
export const SLOT_MICROS = 250_000n;
/** Timers in a chunk. */
export const CHUNK = 256;
/** A slot holds fewer chunks than this. */
const CHUNKS = 1n << 20n;

/** Returns the key of the timers in one chunk of a slot. */
export function chunkKey(slot: bigint, chunk: number): bigint {
  return slot * CHUNKS + BigInt(chunk);
}

/**
 * Schedules a timer of `kind` for `at` (microseconds); fires at most one slot late. `ref` and `text` name its subject; `agent` is
 * charged for it. A timer of which each agent has one is charged to 0, the hub, and not counted.
 */
export function schedule(unit: UnitOfWork, at: bigint, kind: Timer, ref: bigint, text = '', agent = 0n): void {
  const later = unit.now + CHECK_MICROS;
  const isChecked = at > later && (CHECKED as readonly Timer[]).includes(kind);
  const time = isChecked ? later : at > unit.now ? at : unit.now;
  const slot = time / SLOT_MICROS + 1n;
  const place = unit.placeInSlot(slot);
  const chunk = Math.floor(place / CHUNK);
  unit.ctx.db.due.insert({
    id: 0n,
    chunk: chunkKey(slot, chunk),
    kind,
    ref,
    text,
    tries: 0,
    agent,
    until: isChecked ? at : 0n,
  });
  unit.addBytes(agent, bytesOfTimer(agent, text));
  unit.spend(1);
  // Each chunk is a separate scheduled call.
  if (place % CHUNK === 0) scheduleChunk(unit, slot, chunk);
}

/** Deletes a timer. */
export function removeTimer(unit: UnitOfWork, { id, agent, text }: Pick<Due, 'id' | 'agent' | 'text'>): void {
  unit.ctx.db.due.id.delete(id);
  unit.addBytes(agent, -bytesOfTimer(agent, text));
}

function bytesOfTimer(agent: bigint, text: string): number {
  return agent === 0n ? 0 : ROW_BYTES.timer + text.length;
}

/** Takes a chunk of the next slot for one timer alone, and schedules it. Returns its key. */
export function scheduleAlone(unit: UnitOfWork): bigint {
  const slot = unit.now / SLOT_MICROS + 1n;
  const chunk = unit.placeInSlot(slot, CHUNK) / CHUNK;
  scheduleChunk(unit, slot, chunk);
  return chunkKey(slot, chunk);
}

/** Schedules the call that fires a chunk: at the time of its slot, or immediately if that has passed. */
export function scheduleChunk(unit: UnitOfWork, slot: bigint, chunk: number): void {
  const at = slot * SLOT_MICROS;
  const scheduledAt = ScheduleAt.time(at > unit.now ? at : unit.now);
  unit.ctx.db.dueSlot.insert({ scheduledId: 0n, scheduledAt, slot, chunk });
}
