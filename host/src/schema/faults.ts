// Everything that is wrong with a module, collected so that its author hears all of it at once.

import { HostError } from '../errors.ts';
import { identifierFault } from './names.ts';

/** Sentences about one module. What is checked after a fault goes on as well as it can. */
export class Faults {
  readonly #sentences = new Set<string>();

  add(sentence: string): void {
    this.#sentences.add(sentence);
  }

  /** Checks that a text can be a name, and gives it back. */
  identifier(name: string): string {
    const fault = identifierFault(name);
    if (fault) this.add(`module contains an invalid identifier: ${fault}`);
    return name;
  }

  /** Throws `HostError` `schema/invalid` with all sentences, one a line, if there are any. */
  throwIfAny(): void {
    if (this.#sentences.size === 0) return;
    throw new HostError('schema/invalid', [...this.#sentences].sort().join('\n'));
  }
}
