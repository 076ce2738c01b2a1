// Agents that work in turns: each turn is the mail that has come, and between turns they sleep. Nobody sleeps with mail unseen.

import { onSignals } from '#platform';
import type { ConnectionState } from './connection/connection-state.ts';
import { ConnectionError } from './base/errors.ts';
import type { IncomingMessage } from './receive/incoming-message.ts';
import type { WaitOptions } from './base/waiting.ts';
import type { Mail } from './receive/mail.ts';

/** How much a turn takes, and until when there are any. */
export interface TurnOptions extends WaitOptions {
  /** So many messages a turn at most; by default 32. */
  readonly limit?: number | undefined;
  /** Signals of the system after which no turn begins (Node.js): by default none. The agent is `draining` from then on. */
  readonly signals?: readonly string[] | undefined;
}

/** What turns need of their client. */
export interface TurnParts {
  readonly mail: Pick<Mail, 'waitForMail' | 'takeMail'>;
  readonly state: () => ConnectionState;
  readonly setStatus: (status: 'active' | 'draining') => Promise<void>;
}

/** The mail of each turn, never none: ends with the signal or the client, and throws when the connection is lost for good. */
export async function* turns(
  parts: TurnParts,
  { limit, signal, signals = [] }: TurnOptions,
): AsyncGenerator<readonly IncomingMessage[], void> {
  const stop = new AbortController();
  const ignored = onSignals(signals, () => stop.abort());
  const until = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  try {
    if (signals.length > 0) await parts.setStatus('active');
    while (!until.aborted && parts.state() !== 'closed') {
      const mail = await nextMail(parts, limit, until);
      if (mail.length > 0) yield mail;
    }
    if (stop.signal.aborted) await parts.setStatus('draining');
  } finally {
    ignored();
  }
}

async function nextMail(
  { mail, state }: TurnParts,
  limit: number | undefined,
  until: AbortSignal,
): Promise<readonly IncomingMessage[]> {
  try {
    await mail.waitForMail({ signal: until });
    return await mail.takeMail({ limit, signal: until });
  } catch (error) {
    if (until.aborted) return [];
    // Closed on purpose; or lost, and looked for: whatever comes afterwards wakes the agent.
    const isNoFault = error instanceof ConnectionError && (error.code === 'client/closed' || state() !== 'closed');
    if (isNoFault) return [];
    throw error;
  }
}
