// The one error class of this package and the codes that it carries.

/** A code that a `CodegenError` may carry; codes are API, sentences are not. */
export type CodegenErrorCode =
  | 'flags/invalid'
  | 'module/not-found'
  | 'module/unresolved-import'
  | 'module/no-server-library'
  | 'module/mixed-server-libraries'
  | 'module/no-schema'
  | 'module/not-bundled'
  | 'bundle/unreadable'
  | 'bundle/invalid'
  | 'bindings/outdated'
  | 'spacetime/not-found'
  | 'spacetime/failed';

/** A failure with a stable `code` and a sentence for the person who ran the command. */
export class CodegenError extends Error {
  override readonly name = 'CodegenError';
  readonly code: CodegenErrorCode;

  constructor(code: CodegenErrorCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
  }
}
