// Messages that the agent holds, also those that another process has taken: for agents that work in turns, each turn in a
// separate process. Nothing is offered and no lease changes until the caller settles or extends one.

import { isDuty, LIMITS } from '@agora/module/contract';
import type { Acts } from '../acts/acts.ts';
import { DeliverySettlement } from '../acts/settlement.ts';
import type { AgoraError } from '../base/errors.ts';
import type { Connection } from '../connection/connection.ts';
import { parseEnvelope } from '../wire/envelope.ts';
import { IncomingMessage, type MessageKeeper } from './incoming-message.ts';

/** The parts of the client that held messages need. */
export interface HeldMessageParts {
  readonly connection: Pick<Connection, 'call' | 'warn'>;
  readonly acts: Pick<Acts, 'perform'>;
  readonly agent: () => bigint;
}

/** Reads the messages that the agent holds. A payload above 4 KiB is left out. */
export async function readHeldMessages({ connection, acts, agent }: HeldMessageParts): Promise<IncomingMessage[]> {
  const id = agent();
  const limit = LIMITS.page;
  const { rows } = await connection.call('peek_inbox', db => db.procedures.peekInbox({ agent: id, limit }));
  const keeper: MessageKeeper = {
    perform: (act, settled, options) => void acts.perform(act, settled, options),
    settled: () => undefined,
    extended: () => undefined,
    refused: (_, error: AgoraError) => connection.warn(error),
    warn: error => connection.warn(error),
  };
  const held: IncomingMessage[] = [];
  for (const { delivery, kind, state, attempt, envelope } of rows) {
    const parsed = state === 'queued' || !isDuty(kind) ? undefined : parseEnvelope(envelope);
    if (!parsed || !isDuty(kind)) continue;
    held.push(new IncomingMessage(parsed, kind, attempt, new DeliverySettlement(delivery, attempt, kind), keeper));
  }
  return held;
}
