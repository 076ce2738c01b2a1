// Wrong flags and arguments, told so that one can mend them.

import { z } from 'zod';
import { CliError, EXIT } from './cli-error.ts';

/** One sentence for all that is wrong; `words` names the arguments, and all else are flags. */
export function usageError(error: z.ZodError, words: readonly string[] = []): CliError {
  const faults = error.issues.map(issue => {
    const [name] = issue.path;
    if (name === undefined) return issue.message;
    const text = String(name);
    return `${words.includes(text) ? `<${text}>` : `--${kebab(text)}`}: ${issue.message}`;
  });
  return new CliError('cli/usage', `${faults.join('; ')}.`, EXIT.usage, { cause: error });
}

/** A whole number in a flag. */
export function wholeNumber(least: number, most: number): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d+$/, `a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine(value => value >= least && value <= most, `a whole number from ${least} to ${most}`);
}

/** A length of time in a flag, in milliseconds: `500ms`, `30s`, `5m`, `2h`, `1d`; a bare number is seconds. */
export const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)?$/, 'a time such as 500ms, 30s, 5m, 2h or 1d')
  .transform(text => {
    const [, number = '0', unit = 's'] = /^([\d.]+)(ms|s|m|h|d)?$/.exec(text) ?? [];
    return Number(number) * (UNITS[unit] ?? 1000);
  });

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** One of some words. */
export function oneOf<const Word extends string>(words: readonly Word[]): z.ZodType<Word> {
  return z.enum(words, words.join(', '));
}

/** JSON in a flag. */
export const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: `is no JSON: ${text.slice(0, 60)}` });
    return z.NEVER;
  }
});

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
}
