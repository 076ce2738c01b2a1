// What grows with what: each figure of a larger size against that of the smallest.

import type { Report, Result } from '../harness.ts';
import { rounded } from '../statistics.ts';
import { sizeName, type Axis } from './contenders.ts';

/** One act along one axis. */
export interface Growth {
  readonly act: string;
  readonly axis: string;
  readonly unit: string;
  readonly sizes: readonly number[];
  /** Medians of the rounds, one a size. */
  readonly values: readonly number[];
  /**
   * Each size against the smallest, by their least disturbed rounds: the rounds of different sizes run at different times, and
   * whatever else the machine does then only adds.
   */
  readonly ratios: readonly number[];
}

/** What was measured, and how it grows. */
export interface GrowthReport extends Report {
  readonly growth: readonly Growth[];
}

/** Puts the results of the sizes side by side. An act that writes more rows at a larger size is a fault. */
export function withGrowth(report: Report, axes: readonly (readonly [Axis, readonly number[]])[]): GrowthReport {
  const growth = axes.flatMap(([axis, sizes]) => growthAlong(report.results, axis, sizes));
  const grown = growth
    .filter(({ unit, ratios }) => unit === 'rows' && ratios.some(ratio => ratio > 1))
    .map(({ act, axis, values }) => `${act} grows with the ${axis}: ${values.join(', ')}`);
  const faults = [...report.audit.faults, ...grown];
  return { ...report, growth, audit: { ...report.audit, ok: faults.length === 0, faults } };
}

function growthAlong(results: readonly Result[], axis: Axis, sizes: readonly number[]): Growth[] {
  const bySize = sizes.map(size => results.filter(({ contender }) => contender === sizeName(axis, size)));
  return (bySize[0] ?? []).map(({ metric, unit, min: least }) => {
    const found = bySize.map(of => of.find(result => result.metric === metric));
    const values = found.map(result => result?.median ?? NaN);
    const ratios = found.map(result => rounded((result?.min ?? NaN) / least));
    return { act: metric, axis: axis.name, unit, sizes, values, ratios };
  });
}

/** The report as lines of text: a table an axis, then the audit. */
export function growthTable({ name, date, machine, audit, growth }: GrowthReport): string {
  const lines = [
    `${name}, ${date}: ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Node.js ${machine.node}`,
  ];
  for (const [axis, rows] of Map.groupBy(growth, each => each.axis)) {
    const sizes = rows[0]?.sizes ?? [];
    const cells = [
      [axis, '', ...sizes.map(size => size.toLocaleString('en')), 'largest ÷ smallest'],
      ...rows.map(({ act, unit, values, ratios }) => [
        act,
        unit,
        ...values.map(value => value.toLocaleString('en')),
        String(ratios.at(-1)),
      ]),
    ];
    const widths = (cells[0] ?? []).map((_, at) => Math.max(...cells.map(row => row[at]?.length ?? 0)));
    lines.push('', ...cells.map(row => line(row, widths)));
  }
  const verdict = audit.ok
    ? `audit: all ${audit.messages.toLocaleString('en')} messages are where the books say, and no act writes more rows at a larger size`
    : `audit FAILED:\n${audit.faults.map(fault => `  ${fault}`).join('\n')}`;
  return [...lines, '', verdict].join('\n');
}

function line(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)));
  return padded.join('  ').trimEnd();
}
