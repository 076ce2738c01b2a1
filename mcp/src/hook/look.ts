// A look into an inbox that takes nothing from it, in the time that a hook has.

import { connect } from 'node:net';
import type { AgoraClient, AgoraClientOptions, PeekedMessage } from '@agora/client';
import type { WaitingMail } from './hook-words.ts';

/** A hub on this machine answers within a few milliseconds; another one has this long. */
const REACH_WITHIN_MS = 200;
const PEEK = 64;

/** Returns true if something listens at the address: found out in a fraction of the time that loading the client takes. */
export function isReachable(server: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(server);
  const isSecure = protocol === 'https:' || protocol === 'wss:';
  return new Promise(resolve => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (isSecure ? 443 : 80),
      timeout: REACH_WITHIN_MS,
    });
    const end = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

/** A client that only looks: the messages of the agent go to the process that serves it. Throws what `connect` throws. */
export async function openLooker(name: string, options: AgoraClientOptions): Promise<AgoraClient> {
  const { AgoraClient } = await import('@agora/client');
  const client = new AgoraClient(name, options);
  // Standard error belongs to the client that runs the hook.
  client.on('warning', () => undefined);
  try {
    await client.connect();
    await client.resumeAgent({ receives: false });
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** The waiting mail, by the ids that the tools use. */
export async function peekMail(client: Pick<AgoraClient, 'peekInbox'>): Promise<WaitingMail[]> {
  const { messages } = await client.peekInbox({ limit: PEEK });
  return messages.map(message => ({ id: idOf(message), priority: message.priority }));
}

/** A notice is about an earlier message, and goes by its id. */
function idOf({ id, kind, inReplyTo }: PeekedMessage): string {
  const isDuty = kind === 'message' || kind === 'ask' || kind === 'task' || kind === 'broadcast';
  return isDuty ? id : (inReplyTo ?? id);
}
