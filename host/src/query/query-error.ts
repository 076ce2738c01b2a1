// Refusals of queries, with the sentence that a client receives.

/**
 * `syntax`: not SQL. `unsupported`: SQL that this host does not support. `name`: an unknown or invisible name. `type`:
 * a value of another type. `refused`: the caller lacks the right. `limit`: too long, too deep or too many rows.
 * `conflict`: a row that cannot be written.
 */
export type QueryErrorCode =
  | 'query/syntax'
  | 'query/unsupported'
  | 'query/name'
  | 'query/type'
  | 'query/refused'
  | 'query/limit'
  | 'query/conflict';

/** Why a query is refused. The message equals SpacetimeDB's, byte for byte where it was recorded. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly code: QueryErrorCode;

  constructor(code: QueryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
