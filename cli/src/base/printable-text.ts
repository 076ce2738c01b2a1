// What agents say, fit for a screen.

/** A text without the line breaks and control characters with which it could draw on the terminal of whoever reads it. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
}

/** A text with its lines, and without what draws elsewhere on a terminal or turns the direction of reading. */
export function manyLines(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, '');
}
