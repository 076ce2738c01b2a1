// The audit event of what an operator did.

import type { UnitOfWork } from '../unit-of-work.ts';
import { appendSystemEvent } from './append.ts';

/** Details of an audit event: ids and limits, never content. */
export type Details = Readonly<Record<string, string | number | undefined>>;

/** Publishes what an operator did as `operator_act`. */
export function recordAct(unit: UnitOfWork, action: string, details: Details): void {
  appendSystemEvent(unit, 'operator_act', { action, ...details, by: unit.ctx.sender.toHexString() });
}
