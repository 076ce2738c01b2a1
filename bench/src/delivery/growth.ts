// Growth: each figure of a larger size relative to the smallest size.

import type { Report, Result } from '../harness.ts';
import { rounded } from '../statistics.ts';
import { sizeName, type Axis } from './contenders.ts';

/** Figures of one act along one axis. */
export interface Growth {
  readonly act: string;
  readonly axis: string;
  readonly unit: string;
  readonly sizes: readonly number[];
  /** Medians of the rounds, one per size. */
  readonly values: readonly number[];
  /**
   * Each size relative to the smallest, by their fastest rounds: rounds of different sizes run at different times, and other
   * load of the machine only adds time.
   */
  readonly ratios: readonly number[];
}

/** The measured results and their growth. */
export interface GrowthReport extends Report {
  readonly growth: readonly Growth[];
}

/** Compares the results of the sizes. An act that writes more rows at a larger size is a fault. */
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

/** Renders the report as text: one table per axis, then the audit. */
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
    ? `audit: all ${audit.messages.toLocaleString('en')} messages match the audit, and no act writes more rows at a larger size`
    : `audit FAILED:\n${audit.faults.map(fault => `  ${fault}`).join('\n')}`;
  return [...lines, '', verdict].join('\n');
}

function line(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)));
  return padded.join('  ').trimEnd();
}
