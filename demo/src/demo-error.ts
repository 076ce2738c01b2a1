// The one error class of the demo.

/** Ends the demo with one sentence and an exit code: 2 for wrong flags, 1 for any other failure. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
  readonly exitCode: 1 | 2;

  constructor(sentence: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(sentence, options);
    this.exitCode = exitCode;
  }
}
