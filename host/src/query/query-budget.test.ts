// The budget of requests that read.

import { describe, expect, test } from 'vitest';
import { DEFAULT_QUERY_LIMITS, QueryBudget } from './query-budget.ts';
import { runQuery } from './query.ts';
import { SystemVariables } from './source.ts';
import { runStatement, statementJson } from './statement.ts';
import { ANN, OWNER, refusalOf, TestSource } from './testing/test-source.ts';

const VARIABLES = new SystemVariables();
const ROWS = 400;

/** A table of rows of 1 KiB. */
function filled(): TestSource {
  const source = new TestSource({ item: { columns: { id: 'u32', text: 'string' }, unique: ['id'] } });
  const text = 'x'.repeat(1024);
  source.write(undefined, tx => {
    for (let id = 1; id <= ROWS; id++) tx.insert(source.table('item'), source.row('item', id, text));
  });
  return source;
}

describe.each([
  ['HTTP SQL', (source: TestSource, sql: string, budget?: QueryBudget) => sqlText(source, sql, ANN, budget)],
  ['a one-off query', (source: TestSource, sql: string, budget?: QueryBudget) => oneOff(source, sql, budget)],
])('%s of a stranger', (_name, run) => {
  test('is stopped by the bytes of its result', () => {
    const join = 'SELECT a.* FROM item a JOIN item b';
    const { maxResultBytes } = DEFAULT_QUERY_LIMITS;
    expect(refusalOf(() => run(filled(), join))).toBe(
      `The query returns more than ${maxResultBytes} bytes: ask for fewer rows`,
    );
  });

  test('is stopped by the rows that it reads, also if it returns none', () => {
    const budget = new QueryBudget({ ...DEFAULT_QUERY_LIMITS, maxQueryRows: ROWS - 1 });
    expect(refusalOf(() => run(filled(), "SELECT * FROM item WHERE text = 'y'", budget))).toBe(
      `The query reads more than ${ROWS - 1} rows: ask for fewer rows`,
    );
  });

  test('is stopped by its time', () => {
    let ms = 0;
    const budget = new QueryBudget(DEFAULT_QUERY_LIMITS, () => (ms += 300));
    expect(refusalOf(() => run(filled(), 'SELECT a.* FROM item a JOIN item b', budget))).toBe(
      `The query takes more than ${DEFAULT_QUERY_LIMITS.queryMs} ms: ask for fewer rows`,
    );
  });

  test('has a row limit even if none is set', () => {
    expect(refusalOf(() => run(filled(), 'SELECT a.* FROM item a JOIN item b JOIN item c'))).toMatch(
      /^Estimated cardinality \(64000000 rows\) exceeds limit \(1000000 rows\)|^Invalid number of tables/,
    );
  });
});

test('the text of a result counts too: it can be longer than the rows', () => {
  const source = new TestSource({ item: { columns: { id: 'u32', text: 'string' }, unique: ['id'] } });
  source.insert('item', 1, '\0'.repeat(1000));
  const budget = new QueryBudget({ ...DEFAULT_QUERY_LIMITS, maxResultBytes: 3000 });
  expect(refusalOf(() => sqlText(source, 'SELECT * FROM item', ANN, budget))).toContain('more than 3000 bytes');
  expect(refusalOf(() => sqlText(source, 'SELECT * FROM item', ANN))).toBe('accepted');
});

test('the owner has a far larger budget', () => {
  const source = filled();
  const join = 'SELECT a.* FROM item a JOIN item b';
  expect(refusalOf(() => sqlText(source, `${join} LIMIT 40000`, OWNER))).toBe('accepted');
  expect(refusalOf(() => sqlText(source, `${join} JOIN item c`, OWNER))).toMatch(
    /^The query returns more than \d+ bytes/,
  );
});

test('work of the module does not use the time', () => {
  let ms = 0;
  const budget = new QueryBudget({ ...DEFAULT_QUERY_LIMITS, queryMs: 10 }, () => ms);
  expect(budget.exempt(() => (ms += 60))).toBe(60);
  budget.checkTime();
  ms += 11;
  expect(refusalOf(() => budget.checkTime())).toBe('The query takes more than 10 ms: ask for fewer rows');
});

function sqlText(source: TestSource, sql: string, caller: bigint, budget?: QueryBudget): string {
  return statementJson(runStatement(source, sql, { identity: caller }, VARIABLES, budget), 0);
}

function oneOff(source: TestSource, sql: string, budget?: QueryBudget): unknown {
  return runQuery(source, sql, ANN, VARIABLES, budget);
}
