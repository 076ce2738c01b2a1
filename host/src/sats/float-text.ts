// Floats as SpacetimeDB writes them in JSON: the shortest digits that read back as the same number, always with a decimal
// point or an exponent.

/** Maximum digits before and after the point; a number with more is written with an exponent. */
const PLAIN = { f32: { before: 13, behind: 6 }, f64: { before: 16, behind: 5 } } as const;

/** The text of a float; `null` for NaN and the infinities, which JSON cannot express. */
export function floatText(kind: 'f32' | 'f64', value: number): string {
  if (!Number.isFinite(value)) return 'null';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (value === 0) return `${sign}0.0`;
  const [mantissa, exponentText] = shortest(kind, Math.abs(value)).split('e') as [string, string];
  const digits = mantissa.replace('.', '');
  /** Position of the decimal point, counted in digits from the left. */
  const point = Number(exponentText) + 1;
  const { before, behind } = PLAIN[kind];
  if (point > 0 && point <= before) {
    const whole = digits.slice(0, point).padEnd(point, '0');
    return `${sign}${whole}.${digits.slice(point) || '0'}`;
  }
  if (point <= 0 && point > -behind) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${mantissa}e${point - 1}`;
}

/** The shortest exponential form that reads back as the same float. */
function shortest(kind: 'f32' | 'f64', value: number): string {
  if (kind === 'f64') return value.toExponential();
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return text;
  }
  return value.toExponential(8);
}
