// The globals that a module finds, and its log.

import type { Value } from '../bsatn.ts';
import type { Session } from '../session.ts';

export async function realm(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  await s.start('probe', owner);
  const a = await s.connect('a');
  await a.subscribe(1, 'SELECT * FROM trace');
  s.step('globals of the realm');
  await a.call('realm');
  s.step('globals of the module');
  await a.call('globals_kept');
  s.step('console to the log');
  await a.call('logs');
  await a.call('crash', ['string', 'in the log']);
  await s.http('GET', `/v1/database/${s.database}/logs?num_lines=40`, {
    as: owner,
    show: showLog,
  });
  s.step("the log is the owner's");
  const ann = await s.identity('ann');
  await s.http('GET', `/v1/database/${s.database}/logs?num_lines=5`, { as: ann });
  await s.http('GET', `/v1/database/${s.database}/logs?num_lines=5`);
}

/** The lines of the module itself, without parts that differ on every run. */
function showLog(body: string): Value {
  const lines = body.split('\n').filter(line => line !== '');
  return lines
    .map(line => JSON.parse(line) as Readonly<Record<string, Value>>)
    .filter(({ filename }) => filename === 'spacetimedb_module')
    .map(({ ts, line_number, trace, ...rest }) => ({
      ...rest,
      ...(Array.isArray(trace) ? { trace: trace.length > 0 } : {}),
      ...(line_number === undefined ? {} : { line_number: 'some' }),
      ts: typeof ts,
    }));
}
