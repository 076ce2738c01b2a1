// The output of the commands that settle what was taken.

import type { IncomingMessage } from '@agora/client';
import type { CommandContext } from '../../command/command-context.ts';

/** What became of a message. */
export type Settled = 'answered' | 'asked-back' | 'done' | 'failed' | 'given-back' | 'extended';

/** Prints what became of a message: as an object for programs, as a note for people. */
export async function reportSettled(
  { output }: CommandContext,
  { id, kind, type, from }: IncomingMessage,
  settled: Settled,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  if (output.isJson) return output.data({ messageId: id, kind, type, from, settled, ...more }, () => '');
  output.note(`${settled.replace('-', ' ')}: ${type} from ${from}`);
}
