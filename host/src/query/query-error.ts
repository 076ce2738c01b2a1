// A query that is refused, with the words a client sees.

/**
 * `syntax`: not SQL. `unsupported`: SQL that is not spoken here. `name`: an unknown or invisible name. `type`: values that
 * do not fit. `refused`: the caller may not. `limit`: too long, too deep or too many rows. `conflict`: a row that cannot
 * be written.
 */
export type QueryErrorCode =
  | 'query/syntax'
  | 'query/unsupported'
  | 'query/name'
  | 'query/type'
  | 'query/refused'
  | 'query/limit'
  | 'query/conflict';

/** Why a query is refused. The message is what SpacetimeDB says, word for word where that is recorded. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly code: QueryErrorCode;

  constructor(code: QueryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
