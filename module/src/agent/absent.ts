// Agents that never come back: one that is offline and sends nothing for long is unregistered.

import { LIMITS } from '../contract/limits.ts';
import { toMicros } from '../micros.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { unregister } from './unregister.ts';

/** Unregisters an agent that was offline and sent nothing for `keepAgentsMs`. Returns true if it did. */
export function unregisterIfAbsent(unit: UnitOfWork, agent: bigint): boolean {
  const before = unit.now - toMicros(LIMITS.keepAgentsMs);
  // The account is read already, and shows an active sender.
  if (unit.account(agent).at > before) return false;
  const box = unit.box(agent);
  if (!box || box.online || box.offlineSince > before) return false;
  const row = unit.ctx.db.agent.id.find(agent);
  return row !== null && unregister(unit, row);
}
