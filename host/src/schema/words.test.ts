import { describe, expect, test } from 'vitest';
import { CanonicalNames, identifierFault } from './names.ts';
import { splitWords, toCase } from './words.ts';

describe('case conversion', () => {
  test.each([
    ['teamId', 'team_id', 'teamId', 'TeamId'],
    ['HTTPServer2', 'http_server_2', 'httpServer2', 'HttpServer2'],
    ['level2', 'level_2', 'level2', 'Level2'],
    ['v2Beta', 'v_2_beta', 'v2Beta', 'V2Beta'],
    ['_hidden__x', 'hidden_x', 'hiddenX', 'HiddenX'],
    ['userID', 'user_id', 'userId', 'UserId'],
    ['HTTPServer', 'http_server', 'httpServer', 'HttpServer'],
    ['KeptAsIs', 'kept_as_is', 'keptAsIs', 'KeptAsIs'],
    ['x1', 'x_1', 'x1', 'X1'],
    ['A', 'a', 'a', 'A'],
    ['ABC', 'abc', 'abc', 'Abc'],
    ['aB', 'a_b', 'aB', 'AB'],
    ['x_y_z', 'x_y_z', 'xYZ', 'XYZ'],
    ['10Times', '10_times', '10Times', '10Times'],
    ['kebab-case word', 'kebab_case_word', 'kebabCaseWord', 'KebabCaseWord'],
    ['éàÜber', 'éà_über', 'éàÜber', 'ÉàÜber'],
    ['straßeNr', 'straße_nr', 'straßeNr', 'StraßeNr'],
    ['日本Go', '日本go', '日本go', '日本go'],
    ['_', '', '', ''],
    ['', '', '', ''],
  ])('%s', (name, snake, camel, pascal) => {
    expect([toCase(name, 'snake'), toCase(name, 'camel'), toCase(name, 'pascal')]).toEqual([snake, camel, pascal]);
  });

  test('keeps a letter and its combining marks together', () => {
    expect(splitWords('cafe\u0301Bar')).toEqual(['cafe\u0301', 'Bar']);
    expect(splitWords('xE\u0301y')).toEqual(['x', 'E\u0301y']);
  });
});

describe('canonical names', () => {
  const explicit = [
    { kind: 'table', sourceName: 'naming', canonicalName: 'KeptAsIs' },
    { kind: 'function', sourceName: 'doIt', canonicalName: 'Do_It' },
    { kind: 'index', sourceName: 'naming_a_idx_btree', canonicalName: 'byA' },
  ] as const;

  test('follow the policy unless a name is explicit', () => {
    const names = new CanonicalNames('snake', explicit);
    expect(names.table('naming')).toBe('KeptAsIs');
    expect(names.table('doIt')).toBe('do_it');
    expect(names.function('doIt')).toBe('Do_It');
    expect(names.field('level2')).toBe('level_2');
    expect(names.variant('DarkBlue')).toBe('darkBlue');
    expect(names.type('team_summary')).toBe('TeamSummary');
    expect(names.index('naming_a_idx_btree', 'KeptAsIs', ['a'], 'btree')).toBe('byA');
    expect(names.index('naming_bC_idx_hash', 'KeptAsIs', ['b_c', 'd'], 'hash')).toBe('KeptAsIs_b_c_d_idx_hash');
  });

  test('are unchanged under the policy without conversion', () => {
    const names = new CanonicalNames('none', []);
    expect([names.table('aB'), names.function('aB'), names.field('aB'), names.variant('AB'), names.type('a')]).toEqual([
      'aB',
      'aB',
      'aB',
      'AB',
      'a',
    ]);
  });
});

test.each([
  ['a', true],
  ['_x9', true],
  ['été', true],
  ['日本', true],
  ['', false],
  ['9a', false],
  ['a-b', false],
  ['a b', false],
  ['a.b', false],
  ['e\u0301', false],
  ['a\n', false],
])('%j as a name: %s', (name, isName) => {
  expect(identifierFault(name) === undefined).toBe(isName);
});
