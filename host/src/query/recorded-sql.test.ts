// Every SQL case that was recorded from a real server, run against a database with the same rows.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { identityToHex } from '../sats/hex.ts';
import { runQuery } from './query.ts';
import { QueryError } from './query-error.ts';
import { SystemVariables } from './source.ts';
import { runStatement, statementJson } from './statement.ts';
import { ANN, OWNER, probeSource } from './testing/test-source.ts';

interface Case {
  readonly step: string;
  readonly sql: string;
  readonly as: bigint;
  /** The result of a one-off query, if one was recorded. */
  readonly oneOff: string | undefined;
  readonly http: string;
}

/** Mark of the recording for a library's sentence that is left out. */
const OWN_WORDS =
  /\b(sql parser error|Unsupported(?! (?:binary operator|aggregate function|literal))|Estimated cardinality)\b.*/s;

const recording = new URL('../../../tests/conformance/recordings/sql.jsonl', import.meta.url);

function recordedCases(): Case[] {
  const cases: Case[] = [];
  let step = '';
  let oneOff: string | undefined;
  for (const line of readFileSync(recording, 'utf8').trim().split('\n')) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    if (typeof entry['step'] === 'string') {
      step = entry['step'];
      oneOff = undefined;
    }
    const [message] = (entry['messages'] ?? []) as { OneOffQueryResult?: { ok?: { rows: unknown }[]; err?: string } }[];
    const result = message?.OneOffQueryResult;
    if (result) oneOff = result.err ?? JSON.stringify(result.ok?.map(({ rows }) => rows));
    if (typeof entry['http'] !== 'string') continue;
    const { answer, body } = entry;
    const http = typeof answer === 'string' ? answer : JSON.stringify(answer);
    cases.push({ step, sql: String(body), as: entry['as'] === 'owner' ? OWNER : ANN, oneOff, http });
  }
  return cases;
}

function refusal(work: () => string): string {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown.message.replace(OWN_WORDS, '$1…');
    throw thrown;
  }
}

/** Keys in alphabetical order, as the recording has them. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'total_duration_micros');
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, ordered(inner)]));
}

describe('SQL as a real server answers it', () => {
  const source = probeSource();
  source.insert('team', 1, "o'hara");
  source.insert('team', 2, 'blue');
  source.insert('person', 0, 'Ada', 36, 1);
  source.insert('person', 0, 'Bob', 20, 2);
  const variables = new SystemVariables();
  const cases = recordedCases();

  test('the recording has cases', () => expect(cases.length).toBeGreaterThan(70));

  test.each(cases)('$step', ({ sql, as, oneOff, http }) => {
    if (oneOff !== undefined) {
      const found = refusal(() => {
        const { table, rows } = runQuery(source, sql, as, variables);
        const named = rows.map(({ bytes }) => {
          const values = source.values(table, bytes);
          return Object.fromEntries(
            table.def.columns.map(({ name }, at) => [
              name,
              Array.isArray(values) ? (values[at] as unknown) : undefined,
            ]),
          );
        });
        return JSON.stringify([named]);
      });
      expect(found).toBe(oneOff);
    }
    const answer = refusal(() =>
      JSON.stringify(ordered(JSON.parse(statementJson(runStatement(source, sql, { identity: as }, variables), 1)))),
    );
    expect(answer.replaceAll(identityToHex(ANN), '<ann>')).toBe(http);
  });
});
