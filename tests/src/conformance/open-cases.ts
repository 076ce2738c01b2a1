// Cases in which the host is known to answer differently: the table in OPEN.md.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../../conformance/OPEN.md', import.meta.url));

/** Each open case as `scenario / case`, with the reason. */
export function readOpenCases(): ReadonlyMap<string, string> {
  const cases = new Map<string, string>();
  for (const line of readFileSync(FILE, 'utf8').split('\n')) {
    const [, scenario, title, reason] = /^\| `([^`]+)` \| `([^`]+)` \| (.+) \|$/.exec(line) ?? [];
    if (scenario !== undefined && title !== undefined && reason !== undefined)
      cases.set(caseId(scenario, title), reason);
  }
  return cases;
}

export function caseId(scenario: string, title: string): string {
  return `${scenario} / ${title}`;
}
