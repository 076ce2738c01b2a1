// Timers: each is a row in the time slot in which it fires.

import { ScheduleAt } from 'spacetimedb';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Kinds of timers; `published/sweep-slot.ts` has the action of each. */
export const TIMERS = [
  'mailbox',
  'requeue',
  'refill',
  'ask',
  'expire',
  'broadcast',
  'unregistered',
  'pulse',
  'approval',
  'approver',
  'step-timeout',
  'step-retry',
  'workflow-deadline',
  'forget',
  'workflow',
  'redrive',
  'purge',
  'unadmitted',
  'count',
] as const;
/** One of `TIMERS`. */
export type Timer = (typeof TIMERS)[number];

/** Length of a slot, the maximum lateness of a timer. One scheduled row fires up to `CHUNK` timers of a slot. */
const SLOT_MICROS = 250_000n;
/** Timers that one sweep fires. */
export const CHUNK = 256;
/** A slot holds fewer chunks than this. */
const CHUNKS = 1n << 20n;

/** Returns the key of the timers in one chunk of a slot. */
export function chunkKey(slot: bigint, chunk: number): bigint {
  return slot * CHUNKS + BigInt(chunk);
}

/** Schedules a timer of `kind` for `at` (microseconds); fires at most one slot late. `ref` and `text` name its subject. */
export function schedule(unit: UnitOfWork, at: bigint, kind: Timer, ref: bigint, text = ''): void {
  const time = at > unit.now ? at : unit.now;
  const slot = time / SLOT_MICROS + 1n;
  const place = unit.placeInSlot(slot);
  const { db } = unit.ctx;
  db.due.insert({ id: 0n, chunk: chunkKey(slot, Math.floor(place / CHUNK)), kind, ref, text });
  // Each chunk is a separate scheduled call, so that a failed chunk delays no other.
  if (place % CHUNK === 0) {
    const chunk = place / CHUNK;
    db.dueSlot.insert({ scheduledId: 0n, scheduledAt: ScheduleAt.time(slot * SLOT_MICROS), slot, chunk });
  }
}
