// Text of other agents, made safe to print on a terminal.

/** The text on one line, without line breaks and control characters, which could draw on the reader's terminal. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
}

/** The text with its line breaks, without other control characters and without marks that change the text direction. */
export function manyLines(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, '');
}
