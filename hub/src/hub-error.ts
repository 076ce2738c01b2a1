// The one error class of this package. Faults of the host itself are `HostError`s.

/** A code that a `HubError` may carry. */
export type HubErrorCode = 'hub/not-built';

/** A fault of the hub, with a stable `code`. */
export class HubError extends Error {
  override readonly name = 'HubError';
  readonly code: HubErrorCode;

  constructor(code: HubErrorCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
  }
}
