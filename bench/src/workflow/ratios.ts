// Ratios between the figures of contenders.

import type { Report } from '../harness.ts';
import { rounded } from '../statistics.ts';

/** A metric of one contender relative to another, by the medians of one run. */
export interface Ratio {
  readonly contender: string;
  readonly against: string;
  readonly metric: string;
  /** Above 1 if the first contender is better. */
  readonly times: number;
}

/** A report with ratios. */
export interface ComparedReport extends Report {
  readonly ratios: readonly Ratio[];
}

/** Adds the ratios of each contender in `of` to each other one with the same metric. Less is better, except for `/s`. */
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

/** Renders the ratios as text, one pair of contenders per line. */
export function ratioLines({ ratios }: ComparedReport): string[] {
  const pairs = Map.groupBy(ratios, ({ contender, against }) => `${contender} against ${against}`);
  return [...pairs].map(([pair, of]) => `${pair}: ${of.map(({ metric, times }) => `${metric} × ${times}`).join(', ')}`);
}
