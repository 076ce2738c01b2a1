// Names of options at run time: plain JavaScript would lose a misspelled one silently.

import { AgoraError } from './errors.ts';
import { nearestNames } from './nearest-names.ts';

/** The keys of an options type; the compiler completes the table. */
export type Keys<Options> = { readonly [Key in keyof Required<Options>]: true };

/** Throws `client/bad-option` for a key that does not exist, with the near ones. */
export function checkKeys<Options extends object>(what: string, given: Options, known: Keys<Options>): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || given instanceof AbortSignal) {
    throw new AgoraError('client/bad-option', `${what} are an object, not ${nameOf(given)}`);
  }
  const table: Readonly<Record<string, unknown>> = known;
  // `for … in` costs the least on the path of every message; inherited members are no options.
  for (const key in given) if (table[key] !== true && Object.hasOwn(given, key)) throw unknownKey(what, key, known);
}

/** Returns the error of a name that does not exist, with the near ones. */
export function unknownKey(what: string, key: string, known: object): AgoraError {
  const near = nearestNames(key.replaceAll('_', ''), Object.keys(known)).map(name => `"${name}"`);
  const hint =
    near.length > 0 ? `; did you mean ${near.join(' or ')}?` : `; there are: ${Object.keys(known).join(', ')}`;
  return new AgoraError('client/bad-option', `${what} have no "${key}"${hint}`);
}

function nameOf(given: unknown): string {
  if (Array.isArray(given)) return 'a list';
  if (given instanceof AbortSignal) return 'a signal; write { signal }';
  return typeof given === 'function' ? 'a function' : String(given);
}
