// Agents that work in turns: each turn is the new mail; between turns the agent is idle. It cannot go idle with unseen mail.

import { onSignals } from '#platform';
import type { ConnectionState } from './connection/connection-state.ts';
import { ConnectionError } from './base/errors.ts';
import type { IncomingMessage } from './receive/incoming-message.ts';
import type { WaitOptions } from './base/waiting.ts';
import type { Mail } from './receive/mail.ts';

/** Options of `turns`. */
export interface TurnOptions extends WaitOptions {
  /** The most messages per turn. Default 32. */
  readonly limit?: number | undefined;
  /** Signals of the system after which no turn starts (Node.js) and the agent is `draining`. Default: none. */
  readonly signals?: readonly string[] | undefined;
}

/** The parts of the client that turns need. */
export interface TurnParts {
  readonly mail: Pick<Mail, 'waitForMail' | 'takeMail'>;
  readonly state: () => ConnectionState;
  readonly setStatus: (status: 'active' | 'draining') => Promise<void>;
}

/** Yields the mail of each turn, never an empty list. Ends with the signal or the client; throws when the connection ends. */
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
    // The client was closed, or is reconnecting: mail after that wakes the agent.
    const isNoFault = error instanceof ConnectionError && (error.code === 'client/closed' || state() !== 'closed');
    if (isNoFault) return [];
    throw error;
  }
}
