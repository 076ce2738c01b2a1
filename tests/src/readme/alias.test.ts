// The short name of the command line that the documents give: an alias, defined in one folder and used in another.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startTestHub } from '../support/hub.ts';
import { readBlocks } from './support/blocks.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

test('the alias prints data only, and finds files in the folder of its user', { timeout: 60_000 }, async () => {
  const page = readBlocks(readFileSync(join(ROOT, 'docs/getting-started.md'), 'utf8'));
  const alias = page.items
    .flatMap(item => ('block' in item ? [item.block.code] : []))
    .find(code => code.startsWith('alias'));
  await using hub = await startTestHub();
  const folder = mkdtempSync(join(tmpdir(), 'agora-alias-'));
  const lines = `shopt -s expand_aliases
${alias}
cd '${folder}'
echo '{"n": 7}' > payload.json
agora register Reader
agora send Reader --payload-file payload.json > /dev/null
agora inbox --as Reader --json
`;
  const env = { ...process.env, AGORA_SERVER: hub.url, AGORA_HOME: join(folder, 'home'), INIT_CWD: undefined };
  const { stdout } = await promisify(execFile)('bash', ['-ec', lines], { cwd: ROOT, env });
  rmSync(folder, { recursive: true });
  const [name, message = ''] = stdout.split('\n');
  expect(name).toBe('Reader');
  expect(JSON.parse(message)).toMatchObject({ payload: { n: 7 } });
});
