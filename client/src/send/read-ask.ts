// The state of an ask, as the hub keeps it.

import type { AskState } from '@agora/module/contract';
import { dateOf } from '../base/micros.ts';
import type { Connection } from '../connection/connection.ts';
import type { Notice } from '../receive/inbox.ts';
import { parseEnvelope } from '../wire/envelope.ts';
import type { AnswerWithin } from './messages.ts';

/** Options of `resumeAsk`. */
export interface ResumeOptions extends Pick<AnswerWithin, 'signal' | 'onProgress'> {
  /** Number of the last progress signal that was received before. */
  readonly lastSignal?: number | undefined;
}

/** The state of an ask. */
export interface AskInfo {
  readonly state: AskState;
  readonly deadline: Date;
  /** Number of progress signals so far. */
  readonly signals: number;
  /** Reason of the last failed attempt, or empty. */
  readonly lastFailure: string;
}

/** The state of an ask, and its answer as the notice that reported it. */
export interface StoredAsk extends AskInfo {
  readonly answer: Notice | undefined;
}

/** Reads an ask of an agent. Throws `ask/unknown`. */
export async function readAsk(connection: Connection, agent: bigint, message: string): Promise<StoredAsk> {
  const row = await connection.call('ask_state', db => db.procedures.askState({ agent, message }));
  const { signals, lastFailure, deadline } = row;
  const envelope = parseEnvelope(row.answer);
  const answer: Notice | undefined = envelope && {
    kind: 'answer',
    about: message,
    from: envelope.from,
    payload: envelope.payload,
    signals,
  };
  return {
    state: row.state as AskState, // the module writes it
    deadline: dateOf(deadline),
    signals,
    lastFailure,
    answer,
  };
}
