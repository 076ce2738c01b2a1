// The example of cli/README.md, run like a reader runs it: pasted into a shell.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Shell } from '../cli/support/shell.ts';
import { startTestHub } from '../support/hub.ts';

const README = fileURLToPath(new URL('../../../cli/README.md', import.meta.url));

test('any program is an agent: the example works as pasted', { timeout: 60_000 }, async () => {
  const text = readFileSync(README, 'utf8');
  const section = text.slice(text.indexOf('\n## Any program is an agent\n'));
  const lines = /```bash\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  await using hub = await startTestHub();
  using shell = new Shell({ server: hub.url, database: hub.database });
  const { code, out } = await shell.bash(`${lines}\nwait`);
  expect(out.split('\n')).toEqual(expect.arrayContaining(['Counter', '5']));
  expect(code).toBe(0);
});
