// Why a token does not count.

/** The token is not one that this host accepts. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code = 'token/invalid';
}
