import type { WorkflowStep, WorkflowSummary } from '@agora/client';
import { describe, expect, test } from 'vitest';
import { drawWorkflow, elapsed, type WorkflowSnapshot } from './draw-workflow.ts';
import { foldGraph } from './fold-graph.ts';

const NOW = new Date('2026-01-01T00:01:00Z');
const SUMMARY: WorkflowSummary = {
  workflowId: 'w1',
  type: 'release',
  status: 'running',
  total: 0,
  ended: 0,
  reason: '',
  startedAt: new Date(NOW.getTime() - 20_000),
  endedAt: undefined,
};

type State = WorkflowStep['state'];

/** A step that started ten seconds ago, if its state is not pending or ready. */
function aStep(
  position: number,
  name: string,
  state: State,
  dependencies: number[] = [],
  more: Partial<WorkflowStep> = {},
): WorkflowStep {
  const hasStarted = state !== 'pending' && state !== 'ready';
  return {
    ...{ position, name, agent: 'Ada', action: name.replace(/\d+$/, ''), state, attempt: 1, tries: 1 },
    ...{ output: undefined, error: undefined, compensation: undefined, nestedWorkflowId: undefined },
    startedAt: hasStarted ? new Date(NOW.getTime() - 10_000) : undefined,
    endedAt: hasStarted && state !== 'running' ? new Date(NOW.getTime() - 8_500) : undefined,
    dependencies,
    parent: undefined,
    ...more,
  };
}

function draw(
  steps: readonly WorkflowStep[],
  options: Partial<Pick<WorkflowSnapshot, 'waits'>> & { readonly rows?: number } = {},
): string[] {
  const { rows = 24, waits = [] } = options;
  const viewport = { rows, columns: 80, now: NOW, paint: (_: unknown, text: string) => text };
  return drawWorkflow({ summary: { ...SUMMARY, total: steps.length }, steps, waits }, viewport);
}

const range = (length: number) => Array.from({ length }, (_, at) => at);

describe('the drawing of a workflow', () => {
  test('shows each step with its state, its agent, its duration, and why it failed', () => {
    const waits = [
      { step: 'ship', state: 'ready' as const, waitsFor: 'approval' as const, whom: ['Boss'], until: undefined },
    ];
    expect(
      draw(
        [
          aStep(0, 'build', 'succeeded'),
          aStep(1, 'test', 'running', [0], { tries: 2 }),
          aStep(2, 'lint', 'failed', [0], { error: 'too\nmany' }),
          aStep(3, 'ship', 'ready', [0]),
          aStep(4, 'tell', 'pending', [1, 3]),
        ],
        { waits },
      ),
    ).toEqual([
      'release  running  0/5  20s  w1',
      '',
      '╭───✓ build  Ada  1.5s',
      '├─┬─● test   Ada  10s  try 2',
      '├─│─✗ lint   Ada  1.5s  too many',
      '╰─┼─◎ ship   Ada  waits for the approval of Boss',
      '  ╰─○ tell   Ada',
      '1 running · 1 ready · 1 failed · 1 done · 1 pending',
    ]);
  });

  test('shows the number of elements of a step, not each element', () => {
    const each = range(3).map(at =>
      aStep(at + 1, `each[${at}]`, at === 0 ? 'succeeded' : 'running', [], { parent: 0 }),
    );
    expect(draw([aStep(0, 'each', 'running'), ...each])[2]).toBe('● each [1/3]  Ada  10s  2 running');
  });

  test('names the dependencies of a row if there are too many lines to draw', () => {
    const steps = [
      ...range(20).map(at => aStep(at, `s${at}`, 'running')),
      ...range(20).map(at => aStep(20 + at, `t${at}`, 'pending', [at, (at + 1) % 20, (at + 2) % 20, (at + 3) % 20])),
    ];
    expect(draw(steps, { rows: 60 })[22]).toBe('○ t0   Ada  ← s0, s1, s2 and 1 more');
  });

  test.each([
    [
      'a chain',
      range(1000).map(at =>
        aStep(at, `c${at}`, at < 500 ? 'succeeded' : at === 500 ? 'running' : 'pending', at > 0 ? [at - 1] : []),
      ),
    ],
    [
      'a fan',
      [
        aStep(0, 'top', 'succeeded'),
        ...range(998).map(at => aStep(at + 1, `m${at}`, at < 300 ? 'succeeded' : at < 400 ? 'running' : 'ready', [0])),
        aStep(
          999,
          'end',
          'pending',
          range(998).map(at => at + 1),
        ),
      ],
    ],
    [
      'a mesh',
      range(1000).map(at =>
        aStep(
          at,
          `x${at}`,
          (['succeeded', 'running', 'failed', 'pending'] as const)[at % 4] ?? 'pending',
          at < 20 ? [] : [at - 20, (at * 7) % 20],
        ),
      ),
    ],
    ['no steps', []],
  ])('fits any screen for a thousand steps: %s', (_, steps) => {
    for (const rows of [5, 10, 24, 50]) {
      const lines = draw(steps, { rows });
      expect(lines.length).toBeLessThanOrEqual(rows);
      if (steps.length > 0) expect(lines.join('\n')).toContain('running');
    }
  });

  test('of a chain shows the running and the next steps, and folds the rest', () => {
    const steps = range(100).map(at =>
      aStep(at, `c${at}`, at < 50 ? 'succeeded' : at === 50 ? 'running' : 'pending', at > 0 ? [at - 1] : []),
    );
    expect(draw(steps, { rows: 8 })).toEqual([
      'release  running  0/100  20s  w1',
      '',
      '╭─✓ 50 × c',
      '├─● c50     Ada  10s',
      '├─○ c51     Ada',
      '├─○ c52     Ada',
      '╰─○ 47 × c',
      '1 running · 50 done · 49 pending',
    ]);
  });
});

describe('folding', () => {
  test('keeps every step in exactly one row, and every row after its dependencies', () => {
    const steps = range(300).map(at =>
      aStep(
        at,
        `x${at}`,
        (['succeeded', 'running', 'pending'] as const)[at % 3] ?? 'pending',
        at < 10 ? [] : [at - 10, (at * 3) % 10],
      ),
    );
    for (const maxRows of [2, 5, 20, 100, 300]) {
      const rows = foldGraph(steps, maxRows);
      expect(rows.flatMap(row => row.steps.map(step => step.position)).sort((a, b) => a - b)).toEqual(range(300));
      rows.forEach((row, at) => expect(row.dependencies.every(before => before < at)).toBe(true));
    }
  });

  test('does not fold an ended step that depends on an unfinished one', () => {
    const steps = [
      aStep(0, 'slow', 'running'),
      aStep(1, 'fast', 'succeeded'),
      aStep(2, 'any', 'succeeded', [0, 1]),
      aStep(3, 'end', 'pending', [2]),
    ];
    expect(foldGraph(steps, 3).map(row => row.steps.map(step => step.name))).toEqual([
      ['slow'],
      ['fast'],
      ['any'],
      ['end'],
    ]);
  });
});

test.each([
  [400, '0.4s'],
  [12_345, '12s'],
  [185_000, '3m 05s'],
  [7_800_000, '2h 10m'],
  [-5, '0.0s'],
])('%d ms are %s', (ms, text) => expect(elapsed(ms)).toBe(text));
