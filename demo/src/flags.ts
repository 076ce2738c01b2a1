// The flags of `npm run demo`.

import { resolve } from 'node:path';
import { CommandError, parseFlags } from '@agora/scripts/command';
import { ROOT } from './root.ts';

/** What `--help` prints. */
export const USAGE = `npm run demo -- [flags]

  --out FOLDER   where the documents are written (demo-output beside the README)
  --server URL   the hub to use (the one on this machine's port 3000, otherwise one of its own)
  --help         this text`;

/** Where the documents are written, and the hub that was named, if any. */
export interface DemoFlags {
  readonly out: string;
  readonly server: string | undefined;
}

/** Reads the flags; `undefined` if help was asked for. `cwd` is where a relative folder starts. */
export function parseDemoFlags(args: readonly string[], cwd: string): DemoFlags | undefined {
  const { values } = parseFlags(
    {
      args: [...args],
      options: { out: { type: 'string' }, server: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    },
    'npm run demo -- [--out FOLDER] [--server URL] [--help]',
  );
  if (values.help) return undefined;
  if (values.out === '') throw new CommandError('--out wants a folder.', 2);
  if (values.server !== undefined && !/^https?:\/\/[^/]+\/?$/.test(values.server))
    throw new CommandError(`--server wants an address such as http://127.0.0.1:3000, not "${values.server}".`, 2);
  return {
    out: values.out === undefined ? resolve(ROOT, 'demo-output') : resolve(cwd, values.out),
    server: values.server?.replace(/\/$/, ''),
  };
}
