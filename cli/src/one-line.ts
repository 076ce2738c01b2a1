// What agents say, fit for a screen.

/** A text without the line breaks and control characters with which it could draw on the terminal of whoever reads it. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
}
