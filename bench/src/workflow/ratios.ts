// The same figures against those of one contender, in how many times the one is better.

import type { Report } from '../harness.ts';
import { rounded } from '../statistics.ts';

/** A metric of a contender against the same one of another, medians of one run. */
export interface Ratio {
  readonly contender: string;
  readonly against: string;
  readonly metric: string;
  /** Over 1: the first one is better. */
  readonly times: number;
}

/** What was measured, and how many times better or worse that is. */
export interface ComparedReport extends Report {
  readonly ratios: readonly Ratio[];
}

/** Adds how each contender in `of` stands against each other one that has the same metric. Less is better, except in `/s`. */
export function withRatios(report: Report, of: readonly string[]): ComparedReport {
  const ratios = of.flatMap(contender =>
    report.results
      .filter(result => result.contender === contender)
      .flatMap(({ metric, unit, median }) =>
        report.results
          .filter(other => other.metric === metric && other.contender !== contender)
          .map(other => ({
            contender,
            against: other.contender,
            metric,
            times: rounded(unit.endsWith('/s') ? median / other.median : other.median / median),
          })),
      ),
  );
  return { ...report, ratios };
}

/** The ratios as lines of text, one pair of contenders a line. */
export function ratioLines({ ratios }: ComparedReport): string[] {
  const pairs = Map.groupBy(ratios, ({ contender, against }) => `${contender} against ${against}`);
  return [...pairs].map(([pair, of]) => `${pair}: ${of.map(({ metric, times }) => `${metric} × ${times}`).join(', ')}`);
}
