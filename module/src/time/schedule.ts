// Puts something into the slot of its time.

import { ScheduleAt } from 'spacetimedb';
import type { Desk } from '../unit-of-work.ts';

/** What is looked at when its time comes; `ref` and `text` say which one. */
export type DueKind =
  | 'mailbox'
  | 'requeue'
  | 'refill'
  | 'ask'
  | 'expire'
  | 'announce'
  | 'gone'
  | 'pulse'
  | 'approval'
  | 'approver'
  | 'step-timeout'
  | 'step-retry'
  | 'workflow-deadline'
  | 'forget'
  | 'workflow'
  | 'redrive'
  | 'purge'
  | 'unadmitted'
  | 'count';

/** A slot is this long: nothing is late by more than it, and one scheduled row serves all that falls into it. */
const SLOT_MICROS = 250_000n;
/** Rows a sweep reads at once. */
export const CHUNK = 256;
/** A slot holds fewer chunks than this. */
const CHUNKS = 1n << 20n;

/** The key under which the rows of a chunk of a slot are found. */
export function chunkKey(slot: bigint, chunk: number): bigint {
  return slot * CHUNKS + BigInt(chunk);
}

/** Has `kind` looked at, at `at` (microseconds) or within a slot after it. */
export function remember(desk: Desk, at: bigint, kind: DueKind, ref: bigint, text = ''): void {
  const time = at > desk.now ? at : desk.now;
  const slot = time / SLOT_MICROS + 1n;
  const place = desk.placeInSlot(slot);
  const { db } = desk.ctx;
  db.due.insert({ id: 0n, chunk: chunkKey(slot, Math.floor(place / CHUNK)), kind, ref, text });
  // Each chunk has a time of its own, so that one that fails holds up no other.
  if (place % CHUNK === 0) {
    const chunk = place / CHUNK;
    db.dueSlot.insert({ scheduledId: 0n, scheduledAt: ScheduleAt.time(slot * SLOT_MICROS), slot, chunk });
  }
}
