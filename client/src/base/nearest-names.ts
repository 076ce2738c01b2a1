// Suggestions for misspelled names.

import { distance } from 'fastest-levenshtein';
import { AgoraError } from './errors.ts';

const MAX_NAMES = 3;
const MAX_EDITS = 2;
/** Two edits change a shorter name into another word. */
const MIN_MISSPELLED = 6;

/** Returns the names that are similar to a misspelled one, best first, at most three. */
export function nearestNames(name: string, names: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const tolerance = Math.max(2, Math.floor(name.length / 3));
  const near: { readonly name: string; readonly distance: number }[] = [];
  for (const each of names) {
    const candidate = each.toLowerCase();
    const isPart = wanted.length >= 3 && (candidate.includes(wanted) || wanted.includes(candidate));
    const edits = distance(wanted, candidate);
    if (edits <= tolerance || isPart) near.push({ name: each, distance: edits });
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return near.slice(0, MAX_NAMES).map(each => each.name);
}

/** Returns a question with the similar names; '' without any. */
export function suggestionOf(name: string, names: Iterable<string>): string {
  const near = nearestNames(name, new Set(names)).map(each => `"${each}"`);
  return near.length > 0 ? `did you mean ${near.join(' or ')}?` : '';
}

/** Adds similar names to the refusal of an unknown name. `names` may fail; the refusal is the same then. */
export async function withSuggestion(
  error: unknown,
  name: string,
  names: () => Promise<Iterable<string>>,
): Promise<unknown> {
  if (!(error instanceof AgoraError)) return error;
  const known = new Set(await names().catch(() => []));
  const suggestion = known.has(name) ? '' : suggestionOf(name, known);
  return suggestion === '' ? error : new AgoraError(error.code, `${error.message}; ${suggestion}`, { cause: error });
}

/** Returns the name that a probably misspelled one means: at most two edits away, and not the same. */
export function misspellingOf(name: string, names: Iterable<string>): string | undefined {
  if (name.length < MIN_MISSPELLED) return undefined;
  for (const each of names) {
    const isNear = Math.abs(each.length - name.length) <= MAX_EDITS && distance(name, each) <= MAX_EDITS;
    if (isNear && each !== name) return each;
  }
  return undefined;
}
