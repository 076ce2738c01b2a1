// Sums up the results of the test runner and of other checks: `ci-results.ts <vitest.json> <its exit code> <name=code>…`.
// Prints every failure, then the line "N passed, M failed"; exits with 1 after a failure.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

const Report = z.object({
  numPassedTests: z.number().int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/** The number of passed tests and checks, and the names of failed ones. */
export interface Tally {
  readonly passed: number;
  readonly failures: readonly string[];
}

/** Reads a report of vitest. A file that cannot be loaded is a failure, and so is an exit code without a failed test. */
export function tallyTests(report: unknown, exitCode: number): Tally {
  const parsed = Report.safeParse(report);
  if (!parsed.success) return { passed: 0, failures: [`tests: no report (vitest ended with ${exitCode})`] };
  const failures = parsed.data.testResults.flatMap(file => {
    const failed = file.assertionResults.filter(test => test.status === 'failed').map(test => test.fullName);
    return failed.length === 0 && file.status === 'failed' ? [`${file.name} could not be run`] : failed;
  });
  if (exitCode !== 0 && failures.length === 0) failures.push(`vitest ended with ${exitCode} though no test failed`);
  if (parsed.data.numPassedTests === 0 && failures.length === 0) failures.push('no test was run');
  return { passed: parsed.data.numPassedTests, failures };
}

/** Reads the result of a check, `name=exit code`. */
export function tallyCheck(ended: string): Tally {
  const at = ended.lastIndexOf('=');
  return ended.slice(at + 1) === '0' ? { passed: 1, failures: [] } : { passed: 0, failures: [ended.slice(0, at)] };
}

function readReport(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path = '', exitCode = '1', ...checks] = process.argv.slice(2);
  const tallies = [tallyTests(readReport(path), Number(exitCode)), ...checks.map(tallyCheck)];
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
  const failures = tallies.flatMap(tally => tally.failures);
  for (const failure of failures) console.log(`failed: ${failure}`);
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
