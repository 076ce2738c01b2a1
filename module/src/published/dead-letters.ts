// Dead letters: redrive, purge, read. Operators act on all; others on those for or from their agents.

import { t } from 'spacetimedb/server';
import { requireAdmitted } from '../access.ts';
import { checkPage } from '../checks.ts';
import { recordAct } from '../event/append.ts';
import {
  applyAction,
  applyActionToAll,
  type DeadLetterAction,
  DeadLetterFilter,
  deadLettersAfter,
  requireDeadLetter,
} from '../operator/dead-letters.ts';
import { agora, type Ctx } from '../schema.ts';
import { deadLetter } from '../tables/message.ts';
import { asMember, asOperator } from './call.ts';

/** Queues the delivery of a dead letter again, with all its attempts. */
export const redrive = agora.reducer({ no: t.u64() }, (ctx, { no }) => applyToOne(ctx, 'redrive', no));
/** Deletes a dead letter. Its delivery stays dead. */
export const purge = agora.reducer({ no: t.u64() }, (ctx, { no }) => applyToOne(ctx, 'purge', no));

/** Redrives all dead letters that match a filter, as far as possible; for operators. Continues in chunks of 256 numbers. */
export const redriveAll = agora.reducer({ filter: DeadLetterFilter }, (ctx, { filter }) => {
  asOperator(ctx, 'redrive_all', unit => {
    applyActionToAll(unit, 'redrive', filter);
    return { agent: Number(filter.agent), sender: Number(filter.sender), type: filter.type };
  });
});
/** Purges all dead letters that match a filter; for operators. Continues in chunks of 256 numbers. */
export const purgeAll = agora.reducer({ filter: DeadLetterFilter }, (ctx, { filter }) => {
  asOperator(ctx, 'purge_all', unit => {
    applyActionToAll(unit, 'purge', filter);
    return { agent: Number(filter.agent), sender: Number(filter.sender), type: filter.type };
  });
});

/** Only an action on a dead letter of another owner is an act of an operator, with an audit event. */
function applyToOne(ctx: Ctx, action: DeadLetterAction, no: bigint): void {
  asMember(ctx, unit => {
    const { row, isOwn } = requireDeadLetter(unit, no);
    applyAction(unit, action, row);
    if (!isOwn) recordAct(unit, action, { letter: Number(no), message: row.message });
  });
}

const DeadLetterPage = t.object('DeadLetterPage', {
  rows: t.array(deadLetter.rowType),
  /** The `after` of the next page; 0 if there is none. */
  next: t.u64(),
});

/**
 * Returns dead letters after a number, in order, of an agent and a sender (0: any). Operators see all, others those for or
 * from their agents. A page may have few rows, or none, and not be the last.
 */
export const deadLetters = agora.procedure(
  { after: t.u64(), limit: t.u32(), agent: t.u64(), sender: t.u64() },
  DeadLetterPage,
  (ctx, page) => {
    checkPage(page.limit);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      return deadLettersAfter(tx.db, ctx.sender, page);
    });
  },
);
