// A report as a table of text.

import type { Report } from './harness.ts';

/** Renders the report as text: one row per result, then the audit. */
export function table(report: Report): string {
  const head = ['contender', 'metric', 'median', 'min', 'max', 'unit', 'rounds'];
  const rows = report.results.map(result => [
    result.contender,
    result.metric,
    ...[result.median, result.min, result.max].map(value => value.toLocaleString('en')),
    result.unit,
    String(result.rounds),
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map(row => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (at >= 2 && at <= 4 ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ');
  const { machine, audit } = report;
  return [
    `${report.name}, ${report.date}: ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Node.js ${machine.node}`,
    '',
    line(head).trimEnd(),
    ...rows.map(row => line(row).trimEnd()),
    '',
    audit.ok
      ? `audit: all ${audit.messages.toLocaleString('en')} ${audit.held}`
      : `audit FAILED:\n${audit.faults.map(fault => `  ${fault}`).join('\n')}`,
  ].join('\n');
}
