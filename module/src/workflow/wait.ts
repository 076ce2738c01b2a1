// The reasons for which steps wait.

import type { WaitReason } from '../contract/words.ts';
import { isQueue } from '../mailbox.ts';
import type { Ctx } from '../schema.ts';
import type { Step } from './step.ts';

/** Tables of a reducer or a procedure. */
export type Db = Ctx['db'];

/** What a step waits for. */
export interface Wait {
  readonly waitsFor: WaitReason;
  /** Names of steps or agents, a capability, or the id of a workflow. */
  readonly whom: string[];
  /** Microseconds; 0 if no time is set. */
  readonly until: bigint;
}

/** What the delivery of a message for a step waits for. */
export function waitOfDelivery(db: Db, step: Step, message: string): Wait {
  const [delivery] = db.message.id.find(message)?.deliveries ?? [];
  const offered = delivery === undefined ? undefined : db.offer.id.find(delivery);
  const nameOf = (mailbox: bigint) => db.mailbox.agent.find(mailbox)?.name ?? step.agentName;
  if (offered) return { waitsFor: 'answer', whom: [nameOf(offered.agent)], until: offered.leaseUntil };
  const waiting = delivery === undefined ? undefined : db.waiting.id.find(delivery);
  if (!waiting) return { waitsFor: 'agent', whom: [step.agentName], until: 0n };
  const waitsFor = isQueue(waiting.agent) ? 'queue' : 'agent';
  return { waitsFor, whom: [nameOf(waiting.agent)], until: waiting.lane === 0 ? waiting.availableAt : 0n };
}
