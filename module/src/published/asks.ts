// Asks: their state and answer, and their signals, for their asker.

import { t } from 'spacetimedb/server';
import { requireAdmitted, requireOwn } from '../access.ts';
import { LIMITS } from '../contract/limits.ts';
import { envelopeOf } from '../message/envelope.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';

const AskResult = t.object('AskResult', {
  /** One of `ASK_STATES`. */
  state: t.string(),
  deadline: t.i64(),
  /** Number of signals so far; the last 64 of an open ask are kept. */
  signals: t.u32(),
  /** The reason of the last failed attempt, or empty. */
  lastFailure: t.string(),
  /** The envelope of the last answer, with its payload, or empty. */
  answer: t.string(),
});

/** Returns the state of an ask and its answer, until its message is no longer kept; for its asker. */
export const askState = agora.procedure({ agent: t.u64(), message: t.string() }, AskResult, (ctx, { agent, message }) =>
  ctx.withTx(tx => {
    const { state, deadline, signals, lastFailure, answer } = readableAsk(tx, agent, message);
    const given = tx.db.message.id.find(answer);
    return {
      state,
      deadline,
      signals,
      lastFailure,
      answer: given ? envelopeOf(given, LIMITS.payloadBytes) : '',
    };
  }),
);

const Signal = t.object('SignalRow', { seq: t.u32(), data: t.string(), at: t.i64() });

/** Returns the signals of an open ask after a number, in order; for its asker. The last 64 are kept. */
export const readSignals = agora.procedure(
  { agent: t.u64(), message: t.string(), after: t.u32() },
  t.array(Signal),
  (ctx, { agent, message, after }) =>
    ctx.withTx(tx => {
      readableAsk(tx, agent, message);
      return [...tx.db.signal.ask.filter(message)] // at most 64
        .filter(row => row.seq > after)
        .sort((a, b) => a.seq - b.seq)
        .map(({ seq, data, at }) => ({ seq, data, at }));
    }),
);

/** Returns an ask of an agent of the caller. */
function readableAsk(tx: Pick<Ctx, 'db' | 'sender'>, agent: bigint, message: string) {
  requireAdmitted(tx);
  requireOwn(tx.db.mailbox.agent.find(agent), agent, tx.sender);
  const ask = tx.db.ask.message.find(message);
  if (ask?.asker === agent) return ask;
  refuse('ask/unknown', `there is no ask ${message.slice(0, 64)} of yours`);
}
