// The flags of `npm start`.

import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError, parseFlags } from './command.ts';
import type { HubOptions } from './hub.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where a hub keeps its data unless it is told otherwise. */
export const DEFAULT_DATA_DIR = resolve(ROOT, '.agora');

/** What `--help` prints. */
export const USAGE = `npm start -- [flags]

  --port PORT        the port to listen on (3000; 0 takes a free one)
  --host ADDRESS     the address to listen on (127.0.0.1: this machine only)
  --data-dir FOLDER  where keys and rows are kept (.agora beside the README)
  --in-memory        keep nothing: rows last as long as the hub
  --help             this text`;

const SHORT = 'npm start -- [--port PORT] [--host ADDRESS] [--data-dir FOLDER | --in-memory] [--help]';

/** Reads the flags; `undefined` if help was asked for. `cwd` is where a relative folder starts. */
export function parseStartFlags(args: readonly string[], cwd: string): HubOptions | undefined {
  const { values } = parseFlags(
    {
      args: [...args],
      options: {
        port: { type: 'string', default: '3000' },
        host: { type: 'string', default: '127.0.0.1' },
        'data-dir': { type: 'string' },
        'in-memory': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    },
    SHORT,
  );
  if (values.help) return undefined;
  const dataDir = values['data-dir'];
  if (dataDir !== undefined && values['in-memory'])
    throw new CommandError('--data-dir and --in-memory exclude each other; give one of them.', 2);
  if (dataDir === '') throw new CommandError('--data-dir wants a folder.', 2);
  return {
    port: parsePort(values.port),
    hostname: values.host,
    dataDir: values['in-memory'] ? undefined : dataDir === undefined ? DEFAULT_DATA_DIR : resolve(cwd, dataDir),
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new CommandError(`--port wants a number from 0 to 65535, not "${text}".`, 2);
  return port;
}
