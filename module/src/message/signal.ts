// Progress and partial results of an open ask: numbered, the last 64 kept until it ends, the newest one in the asker's inbox.

import { LIMITS } from '../contract/limits.ts';
import type { Desk } from '../desk.ts';
import { charge } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { isLongerThan, parseJson } from '../text.ts';
import { noticeEnvelope } from './envelope.ts';
import { findHeld, type Attempt } from './find.ts';
import { nextOffer, noticeRow } from './offer.ts';
import { askedBy, isOpen, type Ask } from './question.ts';

/** Says how far a question is: `number` counts up from 1 an attempt, so that a signal said twice is kept once. */
export function progress(desk: Desk, act: Attempt & { readonly number: number; readonly data: string }): void {
  if (isLongerThan(act.data, LIMITS.signalBytes) || !parseJson(act.data)) {
    refuse('delivery/bad-signal', `a signal is JSON of at most ${LIMITS.signalBytes} bytes`);
  }
  const { box, row } = findHeld(desk, act);
  const { db } = desk.ctx;
  const message = row.kind === 'ask' ? db.message.id.find(row.message) : undefined;
  const ask = message && db.ask.message.find(askedBy(message));
  if (!ask) refuse('delivery/no-asker', `nobody waits for an answer to delivery ${act.delivery}`);
  const isAgain =
    ask.signalDelivery === act.delivery && ask.signalAttempt === act.attempt && ask.signalNumber >= act.number;
  // Whoever asked has given up: the handler may go on, and hears of it when it answers.
  if (isAgain || !isOpen(ask)) return;
  charge(desk, box, { deliveries: 0, fanOut: 0, bytes: 0 });
  const seq = ask.signals + 1;
  db.signal.insert({ id: 0n, ask: ask.message, seq, data: act.data, at: desk.now });
  if (seq > LIMITS.signals) db.signal.bySeq.delete([ask.message, seq - LIMITS.signals]);
  const signalRow = show(desk, ask, seq, box.name, act.data);
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
export function endSignals(desk: Desk, ask: Ask): Ask {
  if (ask.signals === 0) return ask;
  const { db } = desk.ctx;
  db.signal.ask.delete(ask.message); // at most 64
  db.offer.id.delete(ask.signalRow);
  return { ...ask, signalRow: 0n };
}

/** Shows the newest signal in the asker's inbox: one row an ask. Those before it are read by procedure. */
function show(desk: Desk, ask: Ask, seq: number, from: string, data: string): bigint {
  const { db } = desk.ctx;
  const asker = desk.box(ask.asker);
  if (!asker) return 0n;
  const envelope = noticeEnvelope('progress', ask.message, desk.now, { seq, from }, data);
  const shown = ask.signalRow === 0n ? undefined : db.offer.id.find(ask.signalRow);
  if (shown) {
    db.offer.id.update({ ...shown, envelope, seq: nextOffer(desk, asker) });
    return shown.id;
  }
  const id = desk.nextDelivery(asker);
  db.offer.insert(noticeRow(desk, asker, { id, kind: 'progress', message: ask.message, envelope }));
  return id;
}
