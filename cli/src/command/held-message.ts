// Messages that an agent has taken and not settled yet, found by their ids: for agents that work in turns, where each command is
// a process of its own. The hub keeps what was taken until its lease ends.

import type { AgoraClient, IncomingMessage } from '@agora/client';
import { LIMITS } from '@agora/module/contract';
import { CliError, EXIT } from '../base/cli-error.ts';
import { duration } from '../base/flag-schemas.ts';
import { formatDuration } from '../base/size.ts';
import { actAs } from './act-as.ts';
import type { CommandContext } from './command-context.ts';

/** How long a message that was taken is held by default. */
export const HOLD = '10m';
/** The same in milliseconds. */
export const HOLD_MS = 600_000;

/** The schema of a hold: only longer than a default lease does it last without a connection. */
export const holdTime = duration.refine(
  ms => ms > LIMITS.leaseMs && ms <= LIMITS.maxLeaseMs,
  `a time over ${LIMITS.leaseMs / 1000}s and up to ${LIMITS.maxLeaseMs / 3_600_000}h, such as ${HOLD}`,
);

/** The ways to end what is held, as a note for people. */
export function openNote(open: readonly IncomingMessage[], holdMs: number): string {
  const ids = open.map(({ id }) => id).join(', ');
  const ways = '`agora answer ID …`, `done`, `fail` or `give-back`; `extend` holds it longer';
  return `Held for ${formatDuration(holdMs)}: ${ids}. End each with ${ways}.`;
}

/** Connects as the agent, without receiving its messages, and finds what it holds. Throws `cli/not-held`. */
export async function findHeld(context: CommandContext, typed: readonly string[]): Promise<IncomingMessage[]> {
  const client = await actAs(context);
  const held = await client.heldMessages();
  return Promise.all(
    typed.map(async id => {
      const found = held.filter(message => message.id.startsWith(id));
      const [only] = found;
      if (only && (found.length === 1 || only.id === id)) return only;
      throw found.length > 1 ? ambiguous(id, found) : await notHeld(client, id, held);
    }),
  );
}

function ambiguous(id: string, found: readonly IncomingMessage[]): CliError {
  const ids = found.slice(0, 5).map(each => each.id);
  return new CliError('cli/usage', `Several ids begin with ${id}: ${ids.join(', ')}.`, EXIT.usage);
}

async function notHeld(client: AgoraClient, id: string, held: readonly IncomingMessage[]): Promise<CliError> {
  const { messages } = await client.peekInbox();
  const waits = messages.some(each => each.state === 'queued' && each.id.startsWith(id));
  const ids = held.slice(0, 5).map(each => `${each.id} (${each.type} from ${each.from})`);
  const rest = waits
    ? 'It waits in the inbox; `agora inbox --take` takes it.'
    : ids.length > 0
      ? `It holds ${ids.join(', ')}${held.length > ids.length ? ' and more' : ''}.`
      : 'It holds none; `agora inbox --take` takes waiting ones, `--as` names another agent.';
  return new CliError('cli/not-held', `${client.name} holds no message ${id}. ${rest}`, EXIT.unknown);
}
