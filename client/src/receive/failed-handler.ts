// The report of a handler that threw. The message itself fails at the hub, which only its sender and operators see.

import { AgoraError, textOf } from '../base/errors.ts';
import type { IncomingMessage } from './incoming-message.ts';

/** Returns the warning about a handler that threw; undefined if its signal was aborted, after which throwing is expected. */
export function warningOf(message: IncomingMessage, thrown: unknown): AgoraError | undefined {
  if (message.isInterrupted) return undefined;
  const { id, type, from, attempt } = message;
  const sentence = `the handler of ${type} ${id} from "${from}" threw in attempt ${attempt}: ${textOf(thrown)}`;
  return new AgoraError('client/handler-failed', sentence, { cause: thrown });
}
