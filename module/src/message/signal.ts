// Progress and partial results of an open ask: numbered, the last 64 kept until it ends, the newest one in the asker's inbox.

import { LIMITS } from '../contract/limits.ts';
import { charge } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { isLongerThan, parseJson } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { type Ask, askedBy, isOpen } from './ask-row.ts';
import { noticeEnvelope } from './envelope.ts';
import { type Attempt, findHeld } from './find.ts';
import { nextOffer, noticeRow } from './offer.ts';

/** Says how far a question is: `number` counts up from 1 an attempt, so that a signal said twice is kept once. */
export function progress(unit: UnitOfWork, act: Attempt & { readonly number: number; readonly data: string }): void {
  if (isLongerThan(act.data, LIMITS.signalBytes) || !parseJson(act.data)) {
    refuse('delivery/bad-signal', `a signal is JSON of at most ${LIMITS.signalBytes} bytes`);
  }
  const { box, row } = findHeld(unit, act);
  const { db } = unit.ctx;
  const message = row.kind === 'ask' ? db.message.id.find(row.message) : undefined;
  const ask = message && db.ask.message.find(askedBy(message));
  if (!ask) refuse('delivery/no-asker', `nobody waits for an answer to delivery ${act.delivery}`);
  const isAgain =
    ask.signalDelivery === act.delivery && ask.signalAttempt === act.attempt && ask.signalNumber >= act.number;
  // Whoever asked has given up: the handler may go on, and hears of it when it answers.
  if (isAgain || !isOpen(ask)) return;
  charge(unit, box, { deliveries: 0, fanOut: 0, bytes: 0 });
  const seq = ask.signals + 1;
  db.signal.insert({ id: 0n, ask: ask.message, seq, data: act.data, at: unit.now });
  if (seq > LIMITS.signals) db.signal.bySeq.delete([ask.message, seq - LIMITS.signals]);
  const signalRow = show(unit, ask, seq, box.name, act.data);
  db.ask.message.update({
    ...ask,
    signals: seq,
    signalRow,
    signalDelivery: act.delivery,
    signalAttempt: act.attempt,
    signalNumber: act.number,
  });
}

/** The ask is over, and its signals with it. */
export function endSignals(unit: UnitOfWork, ask: Ask): Ask {
  if (ask.signals === 0) return ask;
  const { db } = unit.ctx;
  db.signal.ask.delete(ask.message); // at most 64
  db.offer.id.delete(ask.signalRow);
  return { ...ask, signalRow: 0n };
}

/** Shows the newest signal in the asker's inbox: one row an ask. Those before it are read by procedure. */
function show(unit: UnitOfWork, ask: Ask, seq: number, from: string, data: string): bigint {
  const { db } = unit.ctx;
  const asker = unit.box(ask.asker);
  if (!asker) return 0n;
  const envelope = noticeEnvelope('progress', ask.message, unit.now, { seq, from }, data);
  const shown = ask.signalRow === 0n ? undefined : db.offer.id.find(ask.signalRow);
  if (shown) {
    db.offer.id.update({ ...shown, envelope, seq: nextOffer(unit, asker) });
    return shown.id;
  }
  const id = unit.nextDelivery(asker);
  db.offer.insert(noticeRow(unit, asker, { id, kind: 'progress', message: ask.message, envelope }));
  return id;
}
