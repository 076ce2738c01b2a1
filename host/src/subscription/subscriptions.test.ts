// Updates that clients receive for commits.

import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ANN, BEN, OWNER, probeSource, type TestSource } from '../query/testing/test-source.ts';
import { DEFAULT_QUERY_LIMITS, QueryBudget } from '../query/query-budget.ts';
import { SystemVariables } from '../query/source.ts';
import type { QuerySetUpdateData } from '../wire/server-message.ts';
import { Subscriptions } from './subscriptions.ts';
import { CountingClient } from './testing/counting-client.ts';
import { WatchedQuery } from './watched-query.ts';

let source: TestSource;
let subscriptions: Subscriptions<CountingClient>;
let heard: ReadonlyMap<CountingClient, readonly QuerySetUpdateData[]>;

beforeEach(() => {
  source = probeSource();
  subscriptions = new Subscriptions(source);
  source.onCommit = commit => {
    heard = subscriptions.publish(commit);
    for (const [client, updates] of heard) client.updated(updates);
  };
  source.insert('team', 1, 'red');
  source.insert('person', 1, 'Ada', 36, 1);
  source.insert('person', 2, 'Bob', 12, 1);
});

function connect(identity = ANN): CountingClient {
  return new CountingClient(identity, name => {
    const view = source.def.views.find(def => def.name === name);
    return view ? source.viewTable(view, identity) : source.table(name);
  });
}

function subscribe(client: CountingClient, querySetId: number, ...queries: string[]): void {
  const answer = subscriptions.subscribe(client, querySetId, queries);
  if ('error' in answer) throw new Error(answer.error);
  client.applied(querySetId, answer.rows);
}

function refusal(client: CountingClient, querySetId: number, ...queries: string[]): string | undefined {
  const answer = subscriptions.subscribe(client, querySetId, queries);
  return 'error' in answer ? answer.error : undefined;
}

function names(client: CountingClient, querySetId: number): string[] {
  const found = [];
  for (const [key, count] of client.counts(querySetId)) {
    const [table = '', hex = ''] = key.split(' ');
    const values = source.values(source.table(table), new Uint8Array(Buffer.from(hex, 'hex')));
    const name = Array.isArray(values) ? String(values[1]) : '';
    found.push(count === 1 ? name : `${name} ×${count}`);
  }
  return found.sort();
}

describe('query sets', () => {
  test('a set is all or nothing, and its id can be used again after a refusal', () => {
    const ann = connect();
    expect(refusal(ann, 1, 'SELECT * FROM person', 'SELECT * FROM nowhere')).toBe(
      'no such table: `nowhere`. If the table exists, it may be marked private., executing: `SELECT * FROM nowhere`',
    );
    source.insert('person', 3, 'Cid', 50, 2);
    expect(heard.size).toBe(0);
    subscribe(ann, 1, 'SELECT * FROM person');
    expect(refusal(ann, 1, 'SELECT * FROM team')).toMatch(/^Subscription with id/);
    expect(names(ann, 1)).toEqual(['Ada', 'Bob', 'Cid']);
  });

  test('a repeated query counts once in one set, and twice in two sets', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT * FROM person', 'select "person".* from person');
    subscribe(ann, 2, 'SELECT * FROM person');
    source.insert('person', 3, 'Cid', 50, 2);
    expect(heard.get(ann)?.map(({ querySetId, tables }) => [querySetId, tables.length])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(names(ann, 1)).toEqual(['Ada', 'Bob', 'Cid']);
  });

  test('queries of one set over the same table share one update', () => {
    const ann = connect();
    subscribe(
      ann,
      1,
      'SELECT * FROM person WHERE age >= 18',
      'SELECT * FROM person WHERE team_id = 1',
      'SELECT * FROM team',
    );
    expect(names(ann, 1)).toEqual(['Ada ×2', 'Bob', 'red']);
    source.write(undefined, tx => {
      tx.insert(source.table('person'), source.row('person', 3, 'Cid', 50, 1));
      tx.insert(source.table('team'), source.row('team', 2, 'blue'));
    });
    expect(names(ann, 1)).toEqual(['Ada ×2', 'Bob', 'Cid ×2', 'blue', 'red']);
    expect(heard.get(ann)?.map(({ querySetId, tables }) => [querySetId, tables.length])).toEqual([[1, 3]]);
  });

  test('an ended set returns its rows and receives no more updates', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT * FROM person');
    const answer = subscriptions.unsubscribe(ann, 1, true);
    expect('rows' in answer && answer.rows && ann.ended(1, answer.rows).size).toBe(0);
    expect(subscriptions.unsubscribe(ann, 1, true)).toMatchObject({
      error: expect.stringMatching(/^Subscription not found/) as string,
    });
    source.insert('person', 3, 'Cid', 50, 2);
    expect(heard.size).toBe(0);
  });

  test('an ended set returns no rows if none are requested', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT * FROM person');
    expect(subscriptions.unsubscribe(ann, 1, false)).toEqual({ rows: undefined });
  });

  test('the sets of a disconnected client are removed', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT * FROM person', 'SELECT * FROM my_mail');
    subscriptions.removeClient(ann);
    subscriptions.removeClient(ann);
    expect(source.retained).toEqual([]);
    source.insert('person', 3, 'Cid', 50, 2);
    expect(heard.size).toBe(0);
  });

  test('SELECT * FROM * covers every public table that is not of events', () => {
    const ann = connect();
    subscribe(ann, 1, ' select *  FROM * ; ');
    source.insert('secret', 1, 'hush');
    source.insert('happening', 'boom', 1);
    const tables = [...ann.counts(1).keys()].map(row => row.split(' ')[0]);
    expect(tables.sort()).toEqual(['adults', 'person', 'person', 'team']);
    expect(ann.events).toEqual([]);
  });

  test('a row limit applies to subscriptions and one-off queries', () => {
    const variables = new SystemVariables();
    const limited = new Subscriptions<CountingClient>(source, variables);
    variables.setRowLimit(1n);
    const text = 'Estimated cardinality (2 rows) exceeds limit (1 rows)';
    expect(limited.subscribe(connect(), 1, ['SELECT * FROM person'])).toEqual({
      error: `${text}, executing: \`SELECT * FROM person\``,
    });
    expect(limited.oneOff(connect(), 'SELECT * FROM person')).toEqual({ error: text });
    expect(limited.oneOff(connect(OWNER), 'SELECT * FROM person')).toHaveProperty('rows');
  });
});

describe('budgets', () => {
  test('one budget covers all queries of a set, and a refused set can be asked for again', () => {
    const ann = connect();
    const queries = Array.from({ length: 9 }, (_, at) => `SELECT * FROM person WHERE age > ${at}`);
    const budget = () => new QueryBudget({ ...DEFAULT_QUERY_LIMITS, maxResultBytes: 100 });
    const text = 'The query returns more than 100 bytes: ask for fewer rows';
    expect(subscriptions.subscribe(ann, 1, queries, budget())).toEqual({ error: text });
    subscribe(ann, 1, 'SELECT * FROM person');
    source.insert('person', 3, 'Cid', 50, 2);
    expect(heard.get(ann)).toHaveLength(1);
  });

  test('rows that were encoded for another client count too', () => {
    subscribe(connect(), 1, 'SELECT * FROM person');
    const budget = new QueryBudget({ ...DEFAULT_QUERY_LIMITS, maxResultBytes: 10 });
    expect(subscriptions.subscribe(connect(BEN), 1, ['SELECT * FROM person'], budget)).toHaveProperty('error');
  });

  test('a set ends even if its rows exceed the budget', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT * FROM person');
    const budget = new QueryBudget({ ...DEFAULT_QUERY_LIMITS, maxResultBytes: 10 });
    expect(subscriptions.unsubscribe(ann, 1, true, budget)).toHaveProperty('error');
    source.insert('person', 3, 'Cid', 50, 2);
    expect(heard.size).toBe(0);
  });
});

describe('commits', () => {
  test('only affected clients receive a commit, and equal updates are encoded once', () => {
    const [ann, ben, cid] = [connect(), connect(BEN), connect(4n)];
    subscribe(ann, 1, 'SELECT * FROM person');
    subscribe(ben, 1, 'SELECT * FROM person');
    subscribe(cid, 1, 'SELECT * FROM person WHERE age > 100');
    source.insert('person', 3, 'Cid', 50, 2);
    expect([...heard.keys()]).toEqual([ann, ben]);
    expect(heard.get(ann)).toBe(heard.get(ben));
  });

  test('a row that starts to match is inserted, one that stops matching is deleted', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT * FROM person WHERE age >= 18');
    source.write(undefined, tx => {
      const [byId] = source.table('person').indexes;
      if (!byId) throw new Error('no index');
      tx.update(source.table('person'), byId, source.row('person', 1, 'Ada', 3, 1));
      tx.update(source.table('person'), byId, source.row('person', 2, 'Bob', 18, 1));
    });
    expect(names(ann, 1)).toEqual(['Bob']);
  });

  test('a commit without changes causes no update', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT * FROM person');
    source.write(undefined, tx => {
      tx.deleteEqual(source.table('person'), source.row('person', 1, 'Ada', 36, 1));
      tx.insert(source.table('person'), source.row('person', 1, 'Ada', 36, 1));
    });
    expect(heard.size).toBe(0);
  });

  test('events are sent and not kept', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT * FROM happening', 'SELECT * FROM happening WHERE n = 1');
    source.insert('happening', 'boom', 1);
    source.insert('happening', 'bang', 2);
    expect(ann.events).toHaveLength(3);
    expect(ann.counts(1).size).toBe(0);
    expect(subscriptions.oneOff(ann, 'SELECT * FROM happening')).toMatchObject({ rows: [{ table: 'happening' }] });
  });

  test('an event joins the existing rows, and its result stays', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT team.* FROM happening JOIN team ON happening.n = team.id');
    source.write(undefined, tx => {
      tx.insert(source.table('happening'), source.row('happening', 'x', 1));
      tx.insert(source.table('happening'), source.row('happening', 'x', 2));
      tx.insert(source.table('team'), source.row('team', 2, 'blue'));
    });
    expect(names(ann, 1)).toEqual(['blue', 'red']);
    source.insert('team', 3, 'green');
    expect(names(ann, 1)).toEqual(['blue', 'red']);
  });

  test('each client gets its own rows of a view', () => {
    const [ann, ben, again] = [connect(), connect(BEN), connect()];
    for (const client of [ann, ben, again]) subscribe(client, 1, 'SELECT * FROM my_mail');
    expect(source.retained).toEqual(['my_mail', 'my_mail']);
    source.insert('mail', 0n, [ANN], 'hello ann');
    expect([...heard.keys()]).toEqual([ann, again]);
    expect(subscriptions.evaluations).toBe(1);
  });

  test('a view and a table are joined by the primary key of the view', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT person.* FROM person JOIN adults ON person.id = adults.id');
    source.insert('person', 3, 'Cid', 50, 2);
    source.remove('person', 1, 'Ada', 36, 1);
    expect(names(ann, 1)).toEqual(['Cid']);
  });

  test('the owner watches a private table', () => {
    const owner = connect(OWNER);
    subscribe(owner, 1, 'SELECT * FROM secret');
    source.insert('secret', 1, 'hush');
    expect(names(owner, 1)).toEqual(['hush']);
  });
});

describe('an update that cannot be computed', () => {
  test('loses the clients that watch the query, and no other', () => {
    const [ann, ben] = [connect(), connect(BEN)];
    subscribe(ann, 1, 'SELECT * FROM person');
    subscribe(ann, 2, 'SELECT * FROM team');
    subscribe(ben, 1, 'SELECT * FROM person WHERE age > 20');
    const broken = vi.spyOn(WatchedQuery.prototype, 'takeUpdate').mockImplementationOnce(() => {
      throw new Error('out of memory');
    });
    const lost: CountingClient[] = [];
    source.onCommit = commit => {
      for (const [client, updates] of subscriptions.publish(commit, client => lost.push(client)))
        client.updated(updates);
    };
    source.insert('person', 3, 'Cid', 50, 2);
    broken.mockRestore();
    expect(lost).toEqual([ann]);
    expect(names(ben, 1)).toEqual(['Ada', 'Cid']);
    expect(subscriptions.unsubscribe(ann, 2, false)).toHaveProperty('error');
    source.insert('person', 4, 'Dan', 50, 2);
    expect(names(ben, 1)).toEqual(['Ada', 'Cid', 'Dan']);
  });
});

describe('joins', () => {
  test('a row counts once for each partner', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT team.* FROM person JOIN team ON person.team_id = team.id');
    expect(names(ann, 1)).toEqual(['red ×2']);
    source.remove('person', 2, 'Bob', 12, 1);
    expect(names(ann, 1)).toEqual(['red']);
    source.write(undefined, tx => {
      tx.deleteEqual(source.table('team'), source.row('team', 1, 'red'));
      tx.deleteEqual(source.table('person'), source.row('person', 1, 'Ada', 36, 1));
    });
    expect(names(ann, 1)).toEqual([]);
  });

  test('a change of a join partner that keeps the result causes no update', () => {
    const ann = connect();
    subscribe(ann, 1, 'SELECT team.* FROM person JOIN team ON person.team_id = team.id');
    source.write(undefined, tx => {
      tx.deleteEqual(source.table('person'), source.row('person', 2, 'Bob', 12, 1));
      tx.insert(source.table('person'), source.row('person', 2, 'Bob', 13, 1));
    });
    expect(heard.size).toBe(0);
  });
});

describe('cost', () => {
  test('with a thousand watchers of different values, one changed row evaluates one query', () => {
    const clients = Array.from({ length: 1000 }, (_, at) => connect(BigInt(1000 + at)));
    for (const [at, client] of clients.entries()) {
      subscribe(client, 1, `SELECT * FROM person WHERE team_id = ${at} AND age > 3`);
    }
    const before = subscriptions.evaluations;
    source.insert('person', 7, 'Zoe', 30, 500);
    expect(subscriptions.evaluations - before).toBe(1);
    expect([...heard.keys()]).toEqual([clients[500]]);
  });

  test('a thousand clients with the same query share one evaluation and one list', () => {
    const clients = Array.from({ length: 1000 }, (_, at) => connect(BigInt(1000 + at)));
    for (const client of clients) subscribe(client, 1, 'SELECT * FROM person');
    const before = subscriptions.evaluations;
    source.insert('person', 7, 'Zoe', 30, 500);
    expect(subscriptions.evaluations - before).toBe(1);
    expect(new Set(heard.values()).size).toBe(1);
    expect(heard.size).toBe(1000);
  });

  test('a join is evaluated only if the partners of the changed row lead to it', () => {
    const clients = Array.from({ length: 100 }, (_, at) => connect(BigInt(1000 + at)));
    for (const [at, client] of clients.entries()) {
      const join = 'SELECT person.* FROM person JOIN team ON person.team_id = team.id';
      subscribe(client, 1, `${join} WHERE team.title = '${at === 42 ? 'red' : `team ${at}`}'`);
    }
    const before = subscriptions.evaluations;
    source.insert('person', 7, 'Zoe', 30, 1);
    expect(subscriptions.evaluations - before).toBe(1);
    expect([...heard.keys()]).toEqual([clients[42]]);
  });
});
