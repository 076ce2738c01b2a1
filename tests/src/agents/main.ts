// `pnpm check:agents [--kit DIR] [--only TEXT]`: installs the real Claude Code and Codex, and drives them through a hub with scripted stand-ins for
// their models. Not part of the tests: it loads 800 MB, and proves the coding agents of one day. Linux only (terminals by `script`).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startHub } from '@agora/testing';
import { CHECKS } from './checks.ts';
import { messagesApi } from './messages-api.ts';
import { Model } from './model.ts';
import { installPrograms, Programs, VERSIONS } from './programs.ts';
import { responsesApi } from './responses-api.ts';

const { values } = parseArgs({ options: { kit: { type: 'string' }, only: { type: 'string', default: '' } } });

const folder = mkdtempSync(join(tmpdir(), 'agora-agents-'));
const kit = values.kit === undefined ? join(folder, 'kit') : resolve(values.kit);
let failed = 0;
try {
  await installPrograms(kit, line => console.error(line));
  await using hub = await startHub();
  await using claude = await Model.start(messagesApi);
  await using codex = await Model.start(responsesApi);
  const models = { claude, codex };
  const urls = { claude: claude.url, codex: codex.url };
  await using programs = await Programs.prepare({ kit, folder, hub: hub.url, models: urls });
  const client = await hub.connect('Colleague');
  console.log(`Claude Code ${VERSIONS.claude}, Codex ${VERSIONS.codex}\n`);
  const checks = CHECKS.filter(({ title }) => title.includes(values.only));
  for (const { title, run } of checks) {
    try {
      console.log(`passed  ${title}: ${await run({ programs, models, client })}`);
    } catch (error) {
      failed++;
      console.log(`failed  ${title}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  console.log(`\n${checks.length - failed} passed, ${failed} failed`);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
process.exit(failed === 0 ? 0 : 1);
