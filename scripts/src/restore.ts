// `npm run restore -- --from FOLDER`: a data folder out of a backup, checked from end to end before it gets its name.

import { resolve } from 'node:path';
import { HostError, restoreBackup } from '@agora/host';
import { CommandError, parseFlags, runCommand } from './command.ts';
import { DEFAULT_DATA_DIR } from './data-dir.ts';

const USAGE = 'npm run restore -- --from FOLDER [--data-dir FOLDER]';

await runCommand(async args => {
  const options = { from: { type: 'string' }, 'data-dir': { type: 'string' } } as const;
  const { values } = parseFlags({ args, options }, USAGE);
  if (values.from === undefined) throw new CommandError(`--from wants the folder of a backup. Usage: ${USAGE}`, 2);
  const cwd = process.env['INIT_CWD'] ?? process.cwd();
  const dataDir = values['data-dir'] === undefined ? DEFAULT_DATA_DIR : resolve(cwd, values['data-dir']);
  try {
    const folder = await restoreBackup(resolve(cwd, values.from), dataDir);
    console.log(`Restored ${folder}; \`npm start\` goes on from there.`);
  } catch (thrown) {
    if (!(thrown instanceof HostError)) throw thrown;
    throw new CommandError(`Nothing was restored: ${thrown.message}.`, 1, { cause: thrown });
  }
});
