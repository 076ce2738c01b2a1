// What every act of an operator has in common: who may, and the event that it leaves.

import { requireOperator } from '../access.ts';
import { withDesk, type Desk } from '../unit-of-work.ts';
import { appendSystemEvent } from './append.ts';
import type { Ctx } from '../schema.ts';

/** What an event says of an act: ids and limits, never content. */
type Details = Readonly<Record<string, string | number | undefined>>;

/** Says to everyone what an operator did. */
export function recordAct(desk: Desk, action: string, details: Details): void {
  appendSystemEvent(desk, 'operator_act', { action, ...details, by: desk.ctx.sender.toHexString() });
}

/** Runs an act of an operator. `work` says what it did; undefined if there was nothing to do. */
export function asOperator(ctx: Ctx, action: string, work: (desk: Desk) => Details | undefined): void {
  requireOperator(ctx);
  withDesk(ctx, desk => {
    const details = work(desk);
    if (details) recordAct(desk, action, details);
  });
}
