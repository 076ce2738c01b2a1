// Case conversion: splits a name into words and joins them again, by the rules of the Rust crate `convert_case`, which
// clockworklabs/SpacetimeDB: crates/schema/src/def/validate/v9.rs uses.

/** The spellings of a name. */
export type Case = 'snake' | 'camel' | 'pascal';

/** Rewrites a name: `teamId` becomes `team_id`, `teamId` or `TeamId`. Empty words vanish, so `_` becomes nothing. */
export function toCase(name: string, to: Case): string {
  const words = splitWords(name);
  if (to === 'snake') return words.map(word => word.toLowerCase()).join('_');
  return words.map((word, at) => (to === 'camel' && at === 0 ? word.toLowerCase() : capitalise(word))).join('');
}

/** Splits a name at separators, at a change of the kind of letter, and before the last capital of an acronym. */
export function splitWords(name: string): string[] {
  const letters = lettersOf(name);
  const kinds = letters.map(kindOf);
  const words: string[] = [];
  let word = '';
  for (const [at, letter] of letters.entries()) {
    if (kinds[at] === 'separator') {
      words.push(word);
      word = '';
      continue;
    }
    word += letter;
    if (isBoundary(kinds[at], kinds[at + 1], kinds[at + 2])) {
      words.push(word);
      word = '';
    }
  }
  words.push(word);
  return words.filter(one => one !== '');
}

type Kind = 'separator' | 'upper' | 'lower' | 'digit' | 'other';

/** Pairs of kinds with a word boundary between them. */
const BOUNDARIES: ReadonlySet<string> = new Set([
  'lower-upper',
  'upper-digit',
  'digit-upper',
  'digit-lower',
  'lower-digit',
]);

function isBoundary(here: Kind = 'other', next: Kind = 'other', afterNext: Kind = 'other'): boolean {
  if (BOUNDARIES.has(`${here}-${next}`)) return true;
  return here === 'upper' && next === 'upper' && afterNext === 'lower';
}

function kindOf(letter: string): Kind {
  if (letter === '_' || letter === '-' || letter === ' ') return 'separator';
  if (/^[0-9]$/.test(letter)) return 'digit';
  const upper = letter.toUpperCase();
  const lower = letter.toLowerCase();
  if (upper === lower) return 'other';
  if (letter === upper) return 'upper';
  return letter === lower ? 'lower' : 'other';
}

function capitalise(word: string): string {
  const [first = '', ...rest] = lettersOf(word);
  return first.toUpperCase() + rest.join('').toLowerCase();
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The graphemes of a text, so that a letter with its combining marks stays together. */
function lettersOf(text: string): string[] {
  // Nearly all names are ASCII, where each character is one grapheme.
  if (/^[\u0020-\u007e]*$/.test(text)) return Array.from(text);
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}
