import { describe, expect, test } from 'vitest';
import type { ViewDef } from '../schema/definition.ts';
import { QueryError } from './query-error.ts';
import { ANN, BEN, probeSource } from './testing/test-source.ts';
import { compileViewQuery } from './view-query.ts';

const source = probeSource();
source.insert('mail', 0n, [ANN], 'for ann');
source.insert('mail', 0n, [BEN], 'for ben');
source.insert('person', 0, 'Ada', 36, 1);

function view(name: string): ViewDef {
  const def = source.def.views.find(candidate => candidate.name === name);
  if (!def) throw new Error(`no view ${name}`);
  return def;
}

function readsOf(name: string, sql: string): string[] {
  const reads: string[] = [];
  compileViewQuery(source, view(name), sql, ANN)?.noteReads({
    point: (index, key) => reads.push(`${index.def.name} ${Buffer.from(key, 'latin1').toString('hex')}`),
    whole: table => reads.push(table.def.name),
  });
  return reads;
}

describe("a view's query", () => {
  test('reads private tables by their source names', () => {
    const query = compileViewQuery(source, view('my_mail'), 'SELECT * FROM "mail" WHERE "mail"."owner" = :sender', ANN);
    expect(query?.rows()).toEqual([source.row('mail', 1n, [ANN], 'for ann')]);
    const adults = compileViewQuery(source, view('adults'), 'SELECT * FROM "person" WHERE "person"."teamId" = 1', ANN);
    expect(adults?.rows()).toHaveLength(1);
  });

  test('that is empty returns no rows', () => {
    expect(compileViewQuery(source, view('adults'), ' ', ANN)).toBeUndefined();
  });

  test.each([
    ['SELECT * FROM adults', 'no such table: `adults`. If the table exists, it may be marked private.'],
    ['SELECT * FROM team', 'the view adults returns rows of '],
    ['SELECT name FROM person', 'Column projections are not supported in subscriptions'],
  ])('%s is refused', (sql, text) => {
    expect(() => compileViewQuery(source, view('adults'), sql, ANN)).toThrow(QueryError);
    expect(() => compileViewQuery(source, view('adults'), sql, ANN)).toThrow(text);
  });

  test('depends on no more rows than its conditions select', () => {
    expect(readsOf('adults', 'SELECT * FROM person')).toEqual(['person']);
    expect(readsOf('adults', 'SELECT * FROM person WHERE age > 3 AND team_id = 1')).toEqual([
      'person_team_id_idx_btree 01000000',
    ]);
    expect(readsOf('adults', 'SELECT * FROM person WHERE team_id = 1 OR id = 2')).toEqual([
      'person_team_id_idx_btree 01000000',
      'person_id_idx_btree 02000000',
    ]);
    expect(readsOf('adults', 'SELECT * FROM person WHERE age = 1')).toEqual(['person']);
    expect(
      readsOf('adults', 'SELECT p.* FROM person p JOIN team t ON p.team_id = t.id WHERE t.id = 1 AND p.age > 1'),
    ).toEqual(['person_team_id_idx_btree 01000000', 'team_id_idx_btree 01000000']);
  });
});
