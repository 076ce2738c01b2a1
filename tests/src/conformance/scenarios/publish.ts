// Publishing, migrations, and invalid programs.

import type { Value } from '../bsatn.ts';
import { showRows } from '../show.ts';
import type { Session } from '../session.ts';

export async function publish(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  const ann = await s.identity('ann');
  s.step('without a name');
  await s.publish('migrate-base', { as: owner });
  s.step('without credentials');
  const anonymousDb = `conf-anonymous-${Math.random().toString(36).slice(2, 8)}`;
  s.database = anonymousDb;
  await s.publish('migrate-base', { database: anonymousDb });
  s.step('a bad name');
  for (const name of ['Bad_Name', 'double--dash', '-edge', 'a.b'])
    await s.http('PUT', `/v1/database/${name}?host_type=Js`, { as: owner, body: 'x' });
  s.step('a new name');
  s.database = `conf-publish-${Math.random().toString(36).slice(2, 8)}`;
  let token = '';
  const show = (body: string) => {
    const shown = showPublishAnswer(body);
    token = shown.token;
    return shown.value;
  };
  const plan = (bundle: string) =>
    s.http('POST', `/v1/database/${s.database}/pre_publish?host_type=Js&style=NoColor`, {
      as: owner,
      body: s.bundle(bundle),
      show,
    });
  await plan('migrate-base');
  await s.publish('migrate-base', { as: owner, database: s.database });
  await s.callHttp('add', owner, [1, 'one']);
  const a = await s.connect('a', { as: ann });
  s.types = {
    thing: { product: { id: 'u32', title: 'string' } },
    other: { product: { id: 'u32' } },
    added: { product: { id: 'u32' } },
  };
  await a.subscribe(1, 'SELECT * FROM thing');
  s.step('the same bytes again: nothing happens');
  await s.publish('migrate-base', { as: owner, database: s.database });
  await s.settle();
  s.step("somebody else's name");
  await s.publish('migrate-more', { as: ann, database: s.database });
  const look = async () => {
    await s.callHttp('version', owner, []);
    await s.sql('SELECT * FROM thing', owner, { show: showRows });
  };
  s.step('more tables: clients stay, init does not run');
  await plan('migrate-more');
  await s.publish('migrate-more', { as: owner, database: s.database });
  await s.settle();
  await look();
  await s.sql('SELECT * FROM added', owner, { show: showRows });
  await a.call('add', ['u32', 2], ['string', 'two']);
  s.step('a column without a default');
  await plan('migrate-nodefault');
  await s.publish('migrate-nodefault', { as: owner, database: s.database });
  await look();
  s.step('a column removed');
  await plan('migrate-removed-column');
  await s.publish('migrate-removed-column', { as: owner, database: s.database });
  await look();
  s.step('a table with rows removed');
  await plan('migrate-removed-table');
  await s.publish('migrate-removed-table', { as: owner, database: s.database, query: '&policy=BreakClients' });
  await look();
  s.step('a unique column, and private');
  await plan('migrate-index');
  s.step('a column with a default breaks clients: refused without leave');
  await plan('migrate-default');
  await s.publish('migrate-default', { as: owner, database: s.database });
  await s.settle();
  await look();
  s.step('a column with a default, clients broken');
  await s.publish('migrate-default', { as: owner, database: s.database, query: `&policy=BreakClients&token=${token}` });
  await s.settle();
  await look();
  s.step('clear');
  await s.publish('migrate-base', { as: owner, database: s.database, query: '&clear=true' });
  await look();
  const broken = {
    'a syntax error': 'export default {',
    'no import of the library': 'export default 1;',
    'nothing exported': 'import { moduleHooks } from "spacetime:sys@2.0"; void moduleHooks;',
    'throws while loading': 'throw new Error("while loading");',
    'an unknown import': 'import x from "node:fs"; export default x;',
    'an unknown system version': 'import * as x from "spacetime:sys@3.0"; export default x;',
    empty: '',
    bytes: Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
  };
  for (const [title, program] of Object.entries(broken)) {
    s.step(`program: ${title}`);
    await s.http('PUT', `/v1/database/${s.database}?host_type=Js`, {
      as: owner,
      body: Buffer.from(program),
      headers: { 'content-type': 'application/octet-stream' },
    });
    await s.http('PUT', `/v1/database/${s.database}-new?host_type=Js`, {
      as: owner,
      body: Buffer.from(program),
      headers: { 'content-type': 'application/octet-stream' },
    });
  }
  s.step('after all that');
  await look();
}

/** The plan is text for people: its meaning is compared, not its layout. */
function showPublishAnswer(body: string): { token: string; value: Value } {
  const [[kind, { migrate_plan, ...rest }] = ['', {}]] = Object.entries(
    JSON.parse(body) as Record<string, PublishAnswer>,
  );
  if (kind !== 'AutoMigrate') return { token: '', value: { [kind]: rest } };
  const token = rest['token'] as string;
  const lines = (migrate_plan ?? '')
    .split('\n')
    .filter(line => /^ *(▸|!!!|\+)/.test(line))
    .map(line => line.trim().replace(/ \(default.*/, ''))
    .sort();
  const shownToken = /^0x[0-9a-f]+$/.test(token) ? 'a hash' : token;
  return { token, value: { [kind]: { ...rest, token: shownToken, migrate_plan: lines } } };
}

type PublishAnswer = { readonly [field: string]: Value } & { readonly migrate_plan?: string };
