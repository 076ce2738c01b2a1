// The hub that the demo runs on: the one that was named, the one that runs already, or one of its own.

import { CliError, DATABASE, startHub } from '@agora/cli/hub';
import { CommandError } from '@agora/scripts/command';

const USUAL = 'http://127.0.0.1:3000';
const ANSWER_WITHIN_MS = 2000;

/** A hub that answers, and how it was come by. */
export interface FoundHub {
  readonly url: string;
  /** How it was found, for a spectator. */
  readonly how: string;
  /** Ends the hub if it was started for the demo. */
  close(): Promise<void>;
}

/**
 * Finds or starts a hub. `taken` says whether the names of the demo's agents are somebody's there already: such a hub
 * is left alone, unless it was named.
 */
export async function findHub(server: string | undefined, taken: (url: string) => Promise<boolean>): Promise<FoundHub> {
  if (server !== undefined) {
    if (await hasAgora(server)) return leaveRunning(server, 'as asked');
    throw new CommandError(
      `No hub with the database "${DATABASE}" answers at ${server}; start one with \`npm start\`.`,
    );
  }
  const runs = await hasAgora(USUAL);
  if (runs && !(await taken(USUAL))) return leaveRunning(USUAL, 'it runs already');
  const hub = await startHub({ port: 0, hostname: '127.0.0.1', dataDir: undefined }).catch((error: unknown) => {
    throw error instanceof CliError ? new CommandError(error.message, 1, { cause: error }) : error;
  });
  const why = runs ? `agents of these names live at ${USUAL}` : `none runs at ${USUAL}`;
  return { url: hub.url, how: `started for this demo, in memory, since ${why}`, close: () => hub.close() };
}

function leaveRunning(url: string, how: string): FoundHub {
  return { url, how, close: () => Promise.resolve() };
}

/** Whether a SpacetimeDB server with our database answers there. */
async function hasAgora(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/v1/database/${DATABASE}`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
