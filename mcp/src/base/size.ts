// Sizes of answers. Clients cut or replace large tool results, so every answer has a bound and continues by cursor or offset.

/** The most bytes (UTF-8) of one tool answer as JSON. */
export const MAX_ANSWER_BYTES = 10_000;
/** Bytes that the fixed members of an answer (inbox, hints, cursors) may take; the rest is for its list or body. */
export const RESERVED_BYTES = 1_500;
/** The most characters of a sentence that an error carries. */
const MAX_SENTENCE = 1_500;

/** The bytes of a value as JSON. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

/** Shortens a sentence to what an answer may carry. */
export function clip(text: string, max = MAX_SENTENCE): string {
  if (text.length <= max) return text;
  return `${text.slice(0, isHighSurrogate(text, max - 1) ? max - 1 : max)}…`;
}

/** As many of the first items as fit into `budget` bytes of JSON. */
export function fitting<Item>(items: readonly Item[], budget: number): Item[] {
  const fit: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    bytes += jsonBytes(item) + 1;
    if (bytes > budget) break;
    fit.push(item);
  }
  return fit;
}

/** A part of a text that was too long for one answer. */
export interface TextWindow {
  readonly text: string;
  /** Where the next part starts; undefined after the last part. */
  readonly nextOffset: number | undefined;
}

/** The part of `text` from `offset` (characters) on that takes at most `budget` bytes as a JSON string. */
export function windowOf(text: string, offset: number, budget: number): TextWindow {
  let low = offset;
  let high = Math.min(text.length, offset + budget);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (jsonBytes(text.slice(offset, middle)) <= budget) low = middle;
    else high = middle - 1;
  }
  // A character outside the basic plane is two units, which stay together.
  const end = low < text.length && low > offset + 1 && isHighSurrogate(text, low - 1) ? low - 1 : low;
  return { text: text.slice(offset, end), nextOffset: end < text.length ? end : undefined };
}

function isHighSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit <= 0xdbff;
}
