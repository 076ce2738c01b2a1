// Rules for database names, those of SpacetimeDB's `crates/client-api-messages/src/name.rs`.

import { parseIdentity } from '../sats/hex.ts';
import { HttpError } from './exchange.ts';

/** Throws `HttpError` for an invalid database name. */
export function checkDatabaseName(name: string): void {
  if (name === '') throw new HttpError(400, 'Invalid URL: the database name is empty');
  if (parseIdentity(name) !== undefined) throw new HttpError(400, 'Invalid URL: a database name cannot be an identity');
  if (!/^[a-z0-9-]*$/.test(name)) throw new HttpError(400, 'Invalid URL: invalid characters in database name');
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) throw new HttpError(400, 'Invalid URL: invalid hyphen in database name');
}
