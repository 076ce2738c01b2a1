// Runs a load: every contender in every round, in rotating order, each time with new processes and empty folders; then sums up
// the rounds.

import { cpus, totalmem } from 'node:os';
import { median, rounded } from './statistics.ts';

/** One figure of a round, with its unit. */
export interface Measurement {
  readonly metric: string;
  readonly unit: string;
  readonly value: number;
}

/** The figures of a contender in one round, and the faults that its audit found. */
export interface Round {
  readonly measurements: readonly Measurement[];
  readonly audited: number;
  readonly faults: readonly string[];
}

/** One implementation of a load. */
export interface Contender {
  readonly name: string;
  /** One complete round: starts its processes, measures, audits, ends them. */
  round(size: Size): Promise<Round>;
}

/** Contenders to compare. */
export interface Contest {
  readonly name: string;
  readonly contenders: readonly Contender[];
  /** The audited claim, as the end of a sentence; by default that messages arrived exactly once. */
  readonly held?: string;
}

/** A named load. */
export interface Load<Said extends Report = Report> {
  readonly name: string;
  /** Runs to its end; `note` receives lines of progress. */
  run(size: Size, note: (line: string) => void): Promise<Said>;
  /** The report as lines of text. */
  print(report: Said): string;
}

/** The full amount, or enough to show that it works. */
export type Size = 'full' | 'quick';

/** One metric of one contender over all its rounds. */
export interface Result {
  readonly load: string;
  readonly contender: string;
  readonly metric: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/** The result of a load: the machine, the audit and the figures. */
export interface Report {
  readonly name: string;
  readonly date: string;
  readonly machine: { cpu: string; cores: number; memoryGiB: number; platform: string; node: string };
  readonly audit: {
    readonly ok: boolean;
    readonly messages: number;
    readonly faults: readonly string[];
    /** The audited claim. */
    readonly held: string;
  };
  readonly results: readonly Result[];
}

const ROUNDS: Record<Size, number> = { full: 5, quick: 2 };

/** Runs a contest to its end; `note` receives lines of progress. */
export async function runLoad(load: Contest, size: Size, note: (line: string) => void): Promise<Report> {
  const rounds = load.contenders.map((): Round[] => []);
  for (let number = 0; number < ROUNDS[size]; number++) {
    for (let turn = 0; turn < load.contenders.length; turn++) {
      const at = (turn + number) % load.contenders.length;
      const contender = load.contenders[at];
      if (!contender) continue;
      const round = await contender.round(size);
      rounds[at]?.push(round);
      const figures = round.measurements.map(m => `${m.metric} ${rounded(m.value)} ${m.unit}`).join(', ');
      note(`round ${number + 1} of ${ROUNDS[size]}, ${contender.name}: ${figures}`);
    }
  }
  const all = rounds.flat();
  const faults = load.contenders.flatMap(({ name }, at) =>
    (rounds[at] ?? []).flatMap(round => round.faults.map(fault => `${name}: ${fault}`)),
  );
  return {
    name: load.name,
    date: new Date().toISOString(),
    machine: machine(),
    audit: {
      ok: faults.length === 0,
      messages: all.reduce((sum, round) => sum + round.audited, 0),
      faults,
      held: load.held ?? 'messages were handled exactly once',
    },
    results: load.contenders.flatMap(({ name }, at) => summarise(load.name, name, rounds[at] ?? [])),
  };
}

/** Sums up the rounds of a contender: one result per metric. */
export function summarise(load: string, contender: string, rounds: readonly Round[]): Result[] {
  const byMetric = Map.groupBy(
    rounds.flatMap(round => round.measurements),
    measurement => measurement.metric,
  );
  return [...byMetric.values()].map(measurements => {
    const values = measurements.map(measurement => measurement.value);
    return {
      load,
      contender,
      metric: measurements[0]?.metric ?? '',
      unit: measurements[0]?.unit ?? '',
      median: rounded(median(values)),
      min: rounded(Math.min(...values)),
      max: rounded(Math.max(...values)),
      rounds: values.length,
    };
  });
}

function machine(): Report['machine'] {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
  };
}
