// Refusals: a call that breaks a rule fails with the text `code: sentence`.

import { SenderError } from 'spacetimedb/server';
import type { Code } from './contract/codes.ts';

/** The caller broke a rule. The transaction is rolled back. */
export class Refusal extends SenderError {
  readonly code: Code;
  readonly sentence: string;

  constructor(code: Code, sentence: string) {
    super(`${code}: ${sentence}`);
    this.code = code;
    this.sentence = sentence;
  }
}

/** Ends the call (or the act) with a refusal. `sentence` names the subject, the rule and the way out. */
export function refuse(code: Code, sentence: string): never {
  throw new Refusal(code, sentence);
}
