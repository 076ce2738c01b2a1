// The hub of the demo: the given one, a running one, or a new one in memory.

import { HostError } from '@agora/host';
import { DATABASE_NAME, HubError, startHub } from '@agora/hub';
import { DemoError } from './demo-error.ts';

const DEFAULT_SERVER = 'http://127.0.0.1:3000';
const TIMEOUT_MS = 2000;

/** A hub that answers. */
export interface FoundHub {
  readonly url: string;
  /** The way it was found, for a spectator. */
  readonly how: string;
  /** Stops the hub if it was started for the demo. */
  close(): Promise<void>;
}

/**
 * Finds or starts a hub. `areNamesTaken` returns true if agents with the names of the demo are registered there; such a hub is
 * used only if it was given.
 */
export async function findHub(
  server: string | undefined,
  areNamesTaken: (url: string) => Promise<boolean>,
): Promise<FoundHub> {
  if (server !== undefined) {
    if (await hasAgora(server)) return leaveRunning(server, 'as given');
    throw new DemoError(
      `No hub with the database "${DATABASE_NAME}" answers at ${server}; start one with \`npm start\`.`,
    );
  }
  const isRunning = await hasAgora(DEFAULT_SERVER);
  if (isRunning && !(await areNamesTaken(DEFAULT_SERVER))) return leaveRunning(DEFAULT_SERVER, 'already running');
  const hub = await startHub().catch((error: unknown) => {
    if (error instanceof HubError || error instanceof HostError) {
      throw new DemoError(`The hub could not start: ${error.message}`, 1, { cause: error });
    }
    throw error;
  });
  const why = isRunning ? `agents of these names exist at ${DEFAULT_SERVER}` : `none runs at ${DEFAULT_SERVER}`;
  return { url: hub.url, how: `started for this demo, in memory, since ${why}`, close: () => hub.close() };
}

function leaveRunning(url: string, how: string): FoundHub {
  return { url, how, close: () => Promise.resolve() };
}

/** Returns true if a SpacetimeDB server with a hub's database answers there. */
async function hasAgora(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/database/${DATABASE_NAME}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
