// Parses JSON of a user. A number that JavaScript would change is refused, not sent as another number.

/** Parses JSON. Throws a `SyntaxError` for invalid JSON, and for a number that would not survive. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof value === 'number' && source !== undefined && !isExact(value, source)) {
      throw new SyntaxError(`the number ${source.slice(0, 40)} is too long; write it as a string`);
    }
    return value;
  }) as unknown;
}

/** Returns true if a whole number is the same in JavaScript, and any other number is finite. */
function isExact(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false;
  return !/^-?\d+$/.test(source) || BigInt(source) === BigInt(value);
}
