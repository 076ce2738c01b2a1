// Routes of identities, those of SpacetimeDB's `crates/client-api/src/routes/identity.rs`.

import { identityToHex, parseIdentity } from '../../sats/hex.ts';
import { writeJson } from '../../sats/json-text.ts';
import { jsonResponse, param, HttpError, type Exchange } from '../exchange.ts';
import type { Databases } from '../databases.ts';
import type { HttpRoute } from '../router.ts';
import type { Tokens } from '../tokens.ts';

/** The routes that mint and verify identities, and list their databases. */
export function identityRoutes(tokens: Tokens, databases: Databases): HttpRoute[] {
  return [
    {
      method: 'POST',
      pattern: '/v1/identity',
      asks: 'anyone',
      handle() {
        const { identity, token } = tokens.mint();
        return jsonResponse(writeJson({ identity: identityToHex(identity), token }));
      },
    },
    {
      method: 'GET',
      pattern: '/v1/identity/public-key',
      asks: 'anyone',
      handle: () => ({
        status: 200,
        headers: { 'content-type': 'application/pem-certificate-chain' },
        body: tokens.publicKeyPem,
      }),
    },
    {
      method: 'POST',
      pattern: '/v1/identity/websocket-token',
      asks: 'token',
      handle: ({ credentials }) => jsonResponse(writeJson({ token: tokens.mintShort(credentials).token })),
    },
    {
      method: 'GET',
      pattern: '/v1/identity/:identity/verify',
      asks: 'token',
      handle(exchange) {
        const identity = readIdentity(exchange);
        return { status: identity === exchange.credentials.identity ? 204 : 400 };
      },
    },
    {
      method: 'GET',
      pattern: '/v1/identity/:identity/databases',
      asks: 'anyone',
      handle(exchange) {
        const identities = databases.ownedBy(readIdentity(exchange)).map(identityToHex);
        return jsonResponse(writeJson({ identities }));
      },
    },
  ];
}

function readIdentity(exchange: Exchange): bigint {
  const text = param(exchange, 'identity');
  const identity = parseIdentity(text);
  if (identity === undefined)
    throw new HttpError(400, `Invalid URL: invalid value: ${JSON.stringify(text)} is no identity`);
  return identity;
}
