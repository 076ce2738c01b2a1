// Progress signals of an open ask, as the hub keeps them.

import type { Connection } from '../connection/connection.ts';
import type { ProgressSignal } from '../wire/answer.ts';
import { dateOf } from '../base/micros.ts';

/** Reads the signals of ask `message` after a number, in order. */
export async function readSignals(
  connection: Connection,
  agent: bigint,
  message: string,
  after: number,
): Promise<ProgressSignal[]> {
  const rows = await connection.call('read_signals', db => db.procedures.readSignals({ agent, message, after }));
  return rows.map(({ seq, data, at }) => ({
    seq,
    data: JSON.parse(data) as unknown,
    at: dateOf(at),
  }));
}
