// The error for an invalid token.

/** This host does not accept the token. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code = 'token/invalid';
}
