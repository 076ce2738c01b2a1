// The scheduled sweep of rows past their retention.

import { unregisterIfAbsent } from '../agent/absent.ts';
import { sweepRetention } from '../message/retention.ts';
import { agora } from '../schema.ts';
import { keeper } from '../tables/time.ts';
import { withUnitOfWork } from './call.ts';

/** Runs by schedule only. */
export const sweepKept = agora.reducer({ onSchedule: keeper }, { row: keeper.rowType }, (ctx, { row }) => {
  withUnitOfWork(ctx, unit => sweepRetention(unit, row.agent, unregisterIfAbsent));
});
