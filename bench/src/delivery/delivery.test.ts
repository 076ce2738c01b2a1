import { describe, expect, test } from 'vitest';
import { withGrowth } from './growth.ts';
import { measurePoint } from './point.ts';

const result = (contender: string, unit: string, value: number) => {
  const figures = { median: value, min: value, max: value, rounds: 1 };
  return { load: 'delivery', contender, metric: 'send', unit, ...figures };
};

const report = (unit: string, values: readonly [number, number]) => ({
  name: 'delivery',
  date: '2026-01-05T12:00:00Z',
  machine: { cpu: '', cores: 1, memoryGiB: 1, platform: '', node: '' },
  audit: { ok: true, messages: 1, faults: [], held: 'messages were handled exactly once' },
  results: [result('10 agents', unit, values[0]), result('1,000 agents', unit, values[1])],
});

const AXIS = { name: 'agents', sizes: { full: [10, 1_000], quick: [10, 1_000] } };

describe('a point', () => {
  test('is measured, and its audit finds no fault', async () => {
    const { measurements, faults, audited } = await measurePoint(
      { stored: 10, agents: 10 },
      { warmUp: 0, measured: 1 },
    );
    expect(faults).toEqual([]);
    expect(audited).toBe(10 + 2 * 4 * 64);
    expect(measurements.every(({ value }) => value > 0)).toBe(true);
    expect(measurements.map(({ metric }) => metric)).toContain('send to a work queue: rows written');
  });

  test('writes as many rows for a broadcast to 100 agents as to 10', async () => {
    const rows = async (agents: number) => {
      const { measurements } = await measurePoint({ stored: 0, agents }, { warmUp: 0, measured: 1 });
      return measurements.filter(({ unit }) => unit === 'rows');
    };
    expect(await rows(100)).toEqual(await rows(10));
  });
});

describe('growth', () => {
  test('is relative to the smallest size', () => {
    const { growth, audit } = withGrowth(report('µs', [20, 30]), [[AXIS, [10, 1_000]]]);
    expect(growth).toEqual([
      { act: 'send', axis: 'agents', unit: 'µs', sizes: [10, 1_000], values: [20, 30], ratios: [1, 1.5] },
    ]);
    expect(audit.ok).toBe(true);
  });

  test('fails the audit if an act writes more rows at a larger size', () => {
    const { audit } = withGrowth(report('rows', [7, 8]), [[AXIS, [10, 1_000]]]);
    expect(audit.faults).toEqual(['send grows with the agents: 7, 8']);
  });
});
