// Tokens, and the reasons of refused connections, over HTTP: a WebSocket only fails without a reason.

import { AgoraError, ConnectionError, textOf } from '../base/errors.ts';

/** HTTP statuses of a token that the server does not accept. */
const REFUSED = new Set([400, 401, 403]);

/** Address of a database, and the timeout of its server. */
export interface HubAddress {
  readonly server: URL;
  readonly database: string;
  readonly timeoutMs: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Creates an identity on the server and returns its token. Throws `connection/refused`, `connection/failed`. */
export async function newToken(hub: HubAddress): Promise<string> {
  return tokenOf(hub, await ask(hub, 'v1/identity', { method: 'POST' }));
}

/**
 * Exchanges a token for a short-lived one: browsers can send a token only in the URL of a WebSocket, and URLs are logged.
 * Throws `connection/bad-token`, `connection/refused`.
 */
export async function swapToken(hub: HubAddress, token: string): Promise<string> {
  const response = await ask(hub, 'v1/identity/websocket-token', { method: 'POST', headers: bearer(token) });
  if (REFUSED.has(response.status)) {
    throw new ConnectionError(
      'connection/bad-token',
      `${hub.server.origin} does not accept the token: ${await sentenceOf(response)}`,
    );
  }
  return tokenOf(hub, response);
}

async function tokenOf(hub: HubAddress, response: Response): Promise<string> {
  const text = await response.text();
  const answer: unknown = response.ok ? parseAny(text) : undefined;
  const token = typeof answer === 'object' && answer !== null && 'token' in answer ? answer.token : undefined;
  if (typeof token === 'string') return token;
  const { origin } = hub.server;
  throw new ConnectionError('connection/failed', `${origin} answers, but not as SpacetimeDB does (${response.status})`);
}

function parseAny(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns why a WebSocket was closed before its first message. A query passes the same admission as a connection. */
export async function explainRefusal(hub: HubAddress, token: string | undefined): Promise<AgoraError> {
  try {
    const response = await ask(hub, `v1/database/${hub.database}/sql`, {
      method: 'POST',
      body: 'SELECT * FROM agent WHERE id = 0',
      ...(token !== undefined && { headers: bearer(token) }),
    });
    const sentence = await sentenceOf(response);
    const { origin } = hub.server;
    switch (response.status) {
      case 401:
        return new ConnectionError('connection/bad-token', `${origin} does not accept the token: ${sentence}`);
      case 403:
        return new ConnectionError('connection/not-admitted', `the hub does not admit you: ${sentence}`);
      case 404:
        return new ConnectionError('connection/no-database', `${origin} has no database "${hub.database}"`);
      default:
        return new ConnectionError('connection/failed', `${origin} answers, but closed the connection immediately`);
    }
  } catch (error) {
    return error instanceof AgoraError
      ? error
      : new ConnectionError('connection/failed', textOf(error), { cause: error });
  }
}

async function ask({ server, timeoutMs, signal }: HubAddress, path: string, request: RequestInit): Promise<Response> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await fetch(new URL(path, server), {
      ...request,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ConnectionError(
      'connection/refused',
      `no hub answers at ${server.origin}; is it running, and is that its address? (agora up runs one)`,
      { cause },
    );
  }
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** Returns the text of a short answer, else its status. */
async function sentenceOf(response: Response): Promise<string> {
  const text = (await response.text()).trim();
  return text !== '' && text.length < 500 ? text : `${response.status} ${response.statusText}`;
}
