// Schemas of values that flags and arguments have, and the error for invalid ones.

import { z } from 'zod';
import { CliError, EXIT } from './cli-error.ts';
import { parseJson } from './parse-json.ts';
import { formatDuration } from './size.ts';

/** One error that lists all invalid values; `argumentNames` names the arguments, all other names are flags. */
export function usageError(error: z.ZodError, argumentNames: readonly string[] = []): CliError {
  const faults = error.issues.map(issue => {
    const [name] = issue.path;
    if (name === undefined) return issue.message;
    const text = String(name);
    return `${argumentNames.includes(text) ? `<${text}>` : `--${kebab(text)}`}: ${issue.message}`;
  });
  return new CliError('cli/usage', `${faults.join('; ')}.`, EXIT.usage, { cause: error });
}

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d+$/, `a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine(value => value >= min && value <= max, `a whole number from ${min} to ${max}`);
}

/** A duration such as `500ms`, `30s`, `5m`, `2h` or `1d`, parsed to milliseconds; a number without a unit is seconds. */
export const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)?$/, 'a time such as 500ms, 30s, 5m, 2h or 1d')
  .transform(text => {
    const [, number = '0', unit = 's'] = /^([\d.]+)(ms|s|m|h|d)?$/.exec(text) ?? [];
    return Number(number) * (UNITS[unit] ?? 1000);
  });

/** A duration up to `maxMs`, at least `minMs`. The fault is in the units of flags. */
export function durationWithin(minMs: number, maxMs: number): typeof duration {
  return duration.refine(
    ms => ms >= minMs && ms <= maxMs,
    `a time from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`,
  );
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** One of these words. */
export function oneOf<const Word extends string>(words: readonly Word[]): z.ZodType<Word> {
  return z.enum(words, words.join(', '));
}

/** A JSON text, parsed. */
export const json = z.string().transform((text, context): unknown => {
  try {
    return parseJson(text);
  } catch (error) {
    const isLong = error instanceof Error && error.message.includes('too long');
    const fault = isLong ? error.message : text.slice(0, 60);
    context.addIssue({ code: 'custom', message: `is not JSON: ${fault}` });
    return z.NEVER;
  }
});

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
}
