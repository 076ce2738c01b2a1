// Redriving, purging and reading dead letters: for operators all, for others those of their own agents and messages.

import { t } from 'spacetimedb/server';
import { isOperator, requireAdmitted } from '../access.ts';
import { checkPage } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { recordAct } from '../event/record-act.ts';
import { DeadLetterFilter, isParty, deadLetterOf, remedy, type Remedy, remedyAll } from '../operator/dead-letters.ts';
import { agora, type Ctx } from '../schema.ts';
import { deadLetter } from '../tables/message.ts';
import { asMember, asOperator } from './call.ts';

/** A dead letter goes back to work: first in a new life, with all its attempts. */
export const redrive = agora.reducer({ no: t.u64() }, (ctx, { no }) => one(ctx, 'redrive', no));
/** A dead letter goes for good. Its delivery stays dead. */
export const purge = agora.reducer({ no: t.u64() }, (ctx, { no }) => one(ctx, 'purge', no));

/** All dead letters of a filter go back to work, as far as they can; for operators. Goes on by itself, 256 numbers a call. */
export const redriveAll = agora.reducer({ filter: DeadLetterFilter }, (ctx, { filter }) => {
  asOperator(ctx, 'redrive_all', unit => {
    remedyAll(unit, 'redrive', filter);
    return { agent: Number(filter.agent), sender: Number(filter.sender), type: filter.type };
  });
});
/** All dead letters of a filter go for good; for operators. Goes on by itself, 256 numbers a call. */
export const purgeAll = agora.reducer({ filter: DeadLetterFilter }, (ctx, { filter }) => {
  asOperator(ctx, 'purge_all', unit => {
    remedyAll(unit, 'purge', filter);
    return { agent: Number(filter.agent), sender: Number(filter.sender), type: filter.type };
  });
});

/** What is one's own is no act of an operator, and leaves no event. */
function one(ctx: Ctx, how: Remedy, no: bigint): void {
  asMember(ctx, unit => {
    const { letter, isOwn } = deadLetterOf(unit, no);
    remedy(unit, how, letter);
    if (!isOwn) recordAct(unit, how, { letter: Number(no), message: letter.message });
  });
}

const DeadLetterPage = t.object('DeadLetterPage', {
  rows: t.array(deadLetter.rowType),
  /** Pass it as `after` for the next page; 0 when there is none. */
  next: t.u64(),
});

/**
 * Dead letters after a number, in order, of an agent or a sender (0: any). Operators see all, others those of their own agents
 * and messages. Looks at 4,096 numbers a page, so that a page may have few rows, or none, and not be the last.
 */
export const deadLetters = agora.procedure(
  { after: t.u64(), limit: t.u32(), agent: t.u64(), sender: t.u64() },
  DeadLetterPage,
  (ctx, { after, limit, agent, sender }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      const maySeeAll = isOperator(tx.db, ctx.sender);
      const head = tx.db.logHead.log.find('dead');
      const last = head?.last ?? 0n;
      const first = head?.first ?? 1n;
      const rows = [];
      let no = after + 1n > first ? after + 1n : first;
      const end = no + BigInt(LIMITS.lookUps);
      for (; no <= last && no < end && rows.length < limit; no++) {
        const row = tx.db.deadLetter.no.find(no);
        if (!row || (agent !== 0n && row.agent !== agent) || (sender !== 0n && row.sender !== sender)) continue;
        if (maySeeAll || isParty(tx.db, row, ctx.sender)) rows.push(row);
      }
      return { rows, next: no > last ? 0n : no - 1n };
    });
  },
);
