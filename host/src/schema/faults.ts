// Faults of a module description, collected so that its author gets all of them in one error.

import { HostError } from '../errors.ts';
import { identifierFault } from './names.ts';

/** The faults of one module, as sentences. Checks continue after a fault as far as they can. */
export class Faults {
  readonly #sentences = new Set<string>();

  add(sentence: string): void {
    this.#sentences.add(sentence);
  }

  /** Checks that a text is a valid name and returns it. */
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
