// Who asks: read from the Authorization header or the `token` parameter (contract 8).

import type { IncomingHttpHeaders } from 'node:http';
import { HttpError } from './exchange.ts';
import { TokenError, type Credentials, type Tokens } from './tokens.ts';

/** The credentials that a request shows, or undefined if it shows none. Throws `HttpError` if they are not good. */
export async function authenticate(
  tokens: Tokens,
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
): Promise<Credentials | undefined> {
  const token = readToken(headers, query);
  if (token === undefined) return undefined;
  try {
    return await tokens.verifyAny(token);
  } catch (cause) {
    if (cause instanceof TokenError) throw new HttpError(401, cause.message, { cause });
    throw cause;
  }
}

/** The header wins over the parameter. */
function readToken({ authorization }: IncomingHttpHeaders, query: URLSearchParams): string | undefined {
  if (authorization === undefined) return query.get('token') ?? undefined;
  const bearer = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (bearer === undefined) throw new HttpError(400, 'Authorization is invalid: malformed token');
  return bearer;
}
