// Flags of `npm run demo`.

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DemoError } from './demo-error.ts';
import { ROOT } from './root.ts';

/** The text of `--help`. */
export const USAGE = `npm run demo -- [flags]

  --out FOLDER   the folder of the documents (demo-output beside the README)
  --server URL   the hub to use (the one on this machine's port 3000, otherwise a new one in memory)
  --help         this text`;

/** The folder of the documents, and the address of the hub if one was given. */
export interface DemoFlags {
  readonly out: string;
  readonly server: string | undefined;
}

/** Parses the flags; undefined for `--help`. A relative folder starts at `cwd`. */
export function parseDemoFlags(args: readonly string[], cwd: string): DemoFlags | undefined {
  const { out, server, help } = parseValues(args);
  if (help) return undefined;
  if (out === '') throw new DemoError('--out needs a folder.', 2);
  if (server !== undefined && !/^https?:\/\/[^/]+\/?$/.test(server))
    throw new DemoError(`--server needs an address such as http://127.0.0.1:3000, not "${server}".`, 2);
  return {
    out: out === undefined ? resolve(ROOT, 'demo-output') : resolve(cwd, out),
    server: server?.replace(/\/$/, ''),
  };
}

function parseValues(args: readonly string[]) {
  const options = {
    out: { type: 'string' },
    server: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const [reason = ''] = (cause as Error).message.split(/\. |\n/); // parseArgs throws errors only
    throw new DemoError(`${reason}. Run \`npm run demo -- --help\` for its flags.`, 2, { cause });
  }
}
