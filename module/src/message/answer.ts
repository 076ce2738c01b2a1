// The result of a handler.

/** Result of a handler; `data` is JSON. With `input_required` it is a question that the asker has to answer first. */
export type Answer =
  | { readonly status: 'success' | 'input_required'; readonly data: string }
  /** `isPermanent` is true when a retry of the step is of no use. */
  | { readonly status: 'error'; readonly error: string; readonly isPermanent?: boolean };
