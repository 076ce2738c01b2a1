// Authentication of a request by the Authorization header or the `token` parameter, as SpacetimeDB's
// `crates/client-api/src/auth.rs` does.

import type { IncomingHttpHeaders } from 'node:http';
import { HttpError } from './exchange.ts';
import { TokenError, type Credentials, type Tokens } from './tokens.ts';

/** The credentials of a request, or undefined if it has none. Throws `HttpError` if they are invalid. */
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

/** The header takes precedence over the parameter. */
function readToken({ authorization }: IncomingHttpHeaders, query: URLSearchParams): string | undefined {
  if (authorization === undefined) return query.get('token') ?? undefined;
  const bearer = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (bearer === undefined) throw new HttpError(400, 'Authorization is invalid: malformed token');
  return bearer;
}
