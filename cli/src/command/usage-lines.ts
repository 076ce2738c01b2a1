// The usage of an agent as text.

import type { AgentUsage } from '@agora/client';
import { formatBytes } from '../base/size.ts';

/** What an agent has used, beside its limits. */
export function usageLines(usage: AgentUsage): string {
  return [
    `rate        ${usage.rateUsed} of a burst of ${usage.burst}, ${usage.rate} per second`,
    `unfinished  ${usage.unfinished} of ${usage.unfinishedLimit}`,
    `inbox       ${usage.inbox} of ${usage.inboxLimit}`,
    `fan-out     ${usage.fanOutUsed} of ${usage.fanOut} recipients per minute`,
    `hub stores  ${formatBytes(usage.storedBytes)} of ${formatBytes(usage.storedBytesLimit)}`,
  ].join('\n');
}
