// Signals: progress and partial results of an open ask. The last 64 are kept until it ends; the inbox shows the newest.

import { LIMITS } from '../contract/limits.ts';
import { charge } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { isLongerThan, parseInput } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { type Ask, askIdOf, bytesOfSignal, isOpen } from './ask.ts';
import { noticeEnvelope } from './envelope.ts';
import { type Attempt, requireHeld } from './held.ts';
import { bytesOfNotice, nextOffer, noticeRow } from './offer.ts';

/** Sends a signal to the asker. `number` counts up from 1 in each attempt, so that a repeated signal is stored once. */
export function progress(unit: UnitOfWork, act: Attempt & { readonly number: number; readonly data: string }): void {
  if (isLongerThan(act.data, LIMITS.signalBytes) || !parseInput(act.data)) {
    refuse(
      'delivery/bad-signal',
      `a signal must be JSON of at most ${LIMITS.signalBytes} bytes and ${LIMITS.jsonDepth} levels`,
    );
  }
  const { box, row } = requireHeld(unit, act);
  const { db } = unit.ctx;
  const message = row.kind === 'ask' ? db.message.id.find(row.message) : undefined;
  const ask = message && db.ask.message.find(askIdOf(message));
  if (!ask) refuse('delivery/no-asker', `delivery ${act.delivery} is not an ask, so no agent receives its progress`);
  const isRepeated =
    ask.signalDelivery === act.delivery && ask.signalAttempt === act.attempt && ask.signalNumber >= act.number;
  // The ask has ended: the handler may continue, and its answer will be marked as late.
  if (isRepeated || !isOpen(ask)) return;
  charge(unit, box, { deliveries: 0, fanOut: 0, bytes: bytesOfSignal(act) });
  const seq = ask.signals + 1;
  db.signal.insert({ id: 0n, ask: ask.message, seq, data: act.data, at: unit.now });
  unit.addBytes(ask.asker, bytesOfSignal(act));
  if (seq > LIMITS.signals) removeSignal(unit, ask, seq - LIMITS.signals);
  const signalRow = showNewest(unit, ask, seq, box.name, act.data);
  db.ask.message.update({
    ...ask,
    signals: seq,
    signalRow,
    signalDelivery: act.delivery,
    signalAttempt: act.attempt,
    signalNumber: act.number,
  });
}

function removeSignal(unit: UnitOfWork, ask: Ask, seq: number): void {
  const { signal } = unit.ctx.db;
  // A full key: one row at most.
  for (const row of [...signal.bySeq.filter([ask.message, seq])]) {
    signal.id.delete(row.id);
    unit.addBytes(ask.asker, -bytesOfSignal(row));
  }
}

/** Shows the newest signal in the asker's inbox, in one row per ask; returns that row. Earlier ones are read by procedure. */
function showNewest(unit: UnitOfWork, ask: Ask, seq: number, from: string, data: string): bigint {
  const { db } = unit.ctx;
  const asker = unit.box(ask.asker);
  if (!asker) return 0n;
  const envelope = noticeEnvelope('progress', ask.message, unit.now, { seq, from }, data);
  const shown = ask.signalRow === 0n ? undefined : db.offer.id.find(ask.signalRow);
  if (shown) {
    const row = { ...shown, envelope, seq: nextOffer(unit, asker) };
    db.offer.id.update(row);
    unit.addBytes(asker.agent, bytesOfNotice(row) - bytesOfNotice(shown));
    return shown.id;
  }
  const id = unit.nextDelivery(asker);
  const row = noticeRow(unit, asker, { id, kind: 'progress', message: ask.message, envelope });
  db.offer.insert(row);
  unit.addBytes(asker.agent, bytesOfNotice(row));
  return id;
}
