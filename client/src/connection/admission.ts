// What HTTP says where a WebSocket only fails: whether a token is good, and why a connection was not let in.

import { AgoraError, ConnectionError, textOf } from '../base/errors.ts';

/** How a server says that a token is none, or none of its own. */
const REFUSED = new Set([400, 401, 403]);

/** Where a database is, and how long its server may take to answer. */
export interface Door {
  readonly server: URL;
  readonly database: string;
  readonly timeoutMs: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Has the server make a new identity, and gives its token. Throws `connection/refused`, `connection/failed`. */
export async function newToken(door: Door): Promise<string> {
  return tokenOf(door, await ask(door, 'v1/identity', { method: 'POST' }));
}

/**
 * Swaps a token for one that lives shortly: browsers can put one into the URL of a WebSocket only, and URLs are logged.
 * Throws `connection/bad-token`, `connection/refused`.
 */
export async function swapToken(door: Door, token: string): Promise<string> {
  const response = await ask(door, 'v1/identity/websocket-token', { method: 'POST', headers: bearer(token) });
  if (REFUSED.has(response.status)) {
    throw new ConnectionError(
      'connection/bad-token',
      `${door.server.origin} does not accept the token: ${await sentenceOf(response)}`,
    );
  }
  return tokenOf(door, response);
}

async function tokenOf(door: Door, response: Response): Promise<string> {
  const text = await response.text();
  const answer: unknown = response.ok ? parseAny(text) : undefined;
  const token = typeof answer === 'object' && answer !== null && 'token' in answer ? answer.token : undefined;
  if (typeof token === 'string') return token;
  const { origin } = door.server;
  throw new ConnectionError('connection/failed', `${origin} answers, but not as SpacetimeDB does (${response.status})`);
}

function parseAny(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Finds out why a WebSocket was closed before its first message. Any query passes the same door as a connection. */
export async function explainRefusal(door: Door, token: string | undefined): Promise<AgoraError> {
  try {
    const response = await ask(door, `v1/database/${door.database}/sql`, {
      method: 'POST',
      body: 'SELECT * FROM agent WHERE id = 0',
      ...(token !== undefined && { headers: bearer(token) }),
    });
    const sentence = await sentenceOf(response);
    const { origin } = door.server;
    switch (response.status) {
      case 401:
        return new ConnectionError('connection/bad-token', `${origin} does not accept the token: ${sentence}`);
      case 403:
        return new ConnectionError('connection/not-admitted', `the hub does not let you in: ${sentence}`);
      case 404:
        return new ConnectionError('connection/no-database', `${origin} has no database "${door.database}"`);
      default:
        return new ConnectionError('connection/failed', `${origin} answers, but closed the connection at once`);
    }
  } catch (error) {
    return error instanceof AgoraError
      ? error
      : new ConnectionError('connection/failed', textOf(error), { cause: error });
  }
}

async function ask({ server, timeoutMs, signal }: Door, path: string, request: RequestInit): Promise<Response> {
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
      `no hub answers at ${server.origin}; is it running, and is that its address? (npm start runs one)`,
      { cause },
    );
  }
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** A short answer's text, or the name of its status. */
async function sentenceOf(response: Response): Promise<string> {
  const text = (await response.text()).trim();
  return text !== '' && text.length < 500 ? text : `${response.status} ${response.statusText}`;
}
