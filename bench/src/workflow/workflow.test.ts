import { describe, expect, test } from 'vitest';
import { auditRows, type Rows } from './audit.ts';
import { chain, inputsOf, outputOf, STEPS } from './chain.ts';
import { fileRound, hubRound } from './contenders.ts';
import { measureCost } from './cost.ts';
import { Journal } from './journal.ts';
import { ratioLines, withRatios } from './ratios.ts';

const TINY = { warmUp: 4, singly: 2, many: 8 };

/** The rows of workflow 0 without a fault. */
function rows(): Rows {
  const id = 'w0';
  return {
    states: [[id, 'succeeded', 3, 3]],
    steps: chain(0).steps.map(({ action, requirements }, at) => {
      const output = JSON.stringify(outputOf(0, action));
      return [at + 1, id, at, action, JSON.stringify(requirements), 'succeeded', output, 1, 1, at * 10, at * 10 + 5];
    }),
    assignments: STEPS.map(({ action }, at) => {
      const task = { workflow_id: id, step: action, inputs: inputsOf(0, action) };
      return [at + 1, JSON.stringify({ task })];
    }),
  };
}

describe('a round', () => {
  test.each(['in memory', 'on disk'])('through a hub %s holds its audit', async medium => {
    const { faults, audited, measurements } = await hubRound('test', medium === 'on disk', TINY);
    expect(faults).toEqual([]);
    expect(audited).toBe(14);
    expect(measurements.every(({ value }) => value > 0)).toBe(true);
  });

  test('through watched and synced folders holds its audit', async () => {
    const { faults, audited, measurements } = await fileRound('test', { how: 'watch', synced: true }, TINY);
    expect(faults).toEqual([]);
    expect(audited).toBe(14);
    expect(measurements.map(({ metric }) => metric)).toContain('workflows, 64 in flight');
  });

  test('of the module alone counts the rows that a step writes', async () => {
    const { faults, measurements } = await measureCost({ warmUp: 1, measured: 64 });
    expect(faults).toEqual([]);
    const written = measurements.filter(({ unit }) => unit === 'rows').map(({ metric }) => metric);
    expect(written).toEqual(['start', 'hand-off', 'last step', 'unwatch'].map(act => `${act}: rows written`));
  });
});

describe('the audit', () => {
  test('finds no fault in a correct run', () => {
    expect(auditRows(1, rows())).toEqual([]);
  });

  test('finds a step that was assigned twice, one that started early, and an output that did not arrive', () => {
    const { states, steps, assignments } = rows();
    const twice = auditRows(1, { states, steps, assignments: [...assignments, ...assignments.slice(0, 1)] });
    expect(twice).toContain('create_initial_docs of workflow 0 has 2 assignments');
    const early = steps.map(row => row.with(9, 0) as typeof row);
    expect(auditRows(1, { states, steps: early, assignments })).toContain(
      'technical_review of workflow 0 began before the step before it had ended',
    );
    const empty = STEPS.map(({ action: step }, at): [number, string] => {
      return [at + 1, JSON.stringify({ task: { workflow_id: 'w0', step, inputs: {} } })];
    });
    expect(auditRows(1, { states, steps, assignments: empty })).toContainEqual(
      expect.stringContaining('technical_review of workflow 0 was given'),
    );
    expect(auditRows(2, { states, steps, assignments })).toContain('the hub holds 1 workflows, not 2');
  });

  test('finds an agent with a wrong or a repeated assignment', () => {
    const journal = new Journal('technical_review');
    journal.work(0, inputsOf(0, 'technical_review'));
    expect(journal.faults(1)).toEqual([]);
    journal.work(0, {});
    expect(journal.faults(2)).toEqual([
      'technical_review of workflow 0 was assigned twice',
      'technical_review of workflow 0 was given {}',
      'technical_review was never done in 1 of 2 workflows',
    ]);
  });
});

describe('ratios', () => {
  test('are above 1 if the first is better', () => {
    const figures = { min: 0, max: 0, rounds: 1, load: 'workflow' };
    const report = {
      name: 'workflow',
      date: '2026-01-05T12:00:00Z',
      machine: { cpu: '', cores: 1, memoryGiB: 1, platform: '', node: '' },
      audit: { ok: true, messages: 1, faults: [], held: '' },
      results: [
        { ...figures, contender: 'agora', metric: 'hand-off', unit: 'ms', median: 2 },
        { ...figures, contender: 'agora', metric: 'workflows', unit: 'workflows/s', median: 900 },
        { ...figures, contender: 'file', metric: 'hand-off', unit: 'ms', median: 50 },
        { ...figures, contender: 'file', metric: 'workflows', unit: 'workflows/s', median: 300 },
      ],
    };
    expect(ratioLines(withRatios(report, ['agora']))).toEqual(['agora against file: hand-off × 25, workflows × 3']);
  });
});
