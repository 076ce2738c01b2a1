import { describe, expect, test } from 'vitest';
import { tallyCheck, tallyTests } from './ci-results.ts';

const file = (status: string, ...tests: [string, string][]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map(([fullName, outcome]) => ({ fullName, status: outcome })),
});

describe('the tally of a run', () => {
  test('counts passed tests and names failed ones', () => {
    const report = { numPassedTests: 1, testResults: [file('failed', ['a works', 'passed'], ['b works', 'failed'])] };
    expect(tallyTests(report, 1)).toEqual({ passed: 1, failures: ['b works'] });
  });

  test('counts a file that cannot be loaded as a failure', () => {
    const report = { numPassedTests: 3, testResults: [file('passed', ['a', 'passed']), file('failed')] };
    expect(tallyTests(report, 1).failures).toEqual(['a.test.ts could not be run']);
  });

  test('fails for a run with an error code, without a report, or without tests', () => {
    const good = { numPassedTests: 1, testResults: [file('passed', ['a', 'passed'])] };
    expect(tallyTests(good, 0).failures).toEqual([]);
    expect(tallyTests(good, 1).failures).toHaveLength(1);
    expect(tallyTests(undefined, 0).failures).toHaveLength(1);
    expect(tallyTests({ numPassedTests: 0, testResults: [] }, 0).failures).toHaveLength(1);
  });

  test('reads the exit code of a check after the last equals sign', () => {
    expect(tallyCheck('a=b=0')).toEqual({ passed: 1, failures: [] });
    expect(tallyCheck('types=2')).toEqual({ passed: 0, failures: ['types'] });
  });
});
