// Settings: the address of the hub and the caller's identity. In order of precedence: flags, the environment, the nearest
// `agora.json` (in this folder or one above it), the user's own `config.json`, the defaults.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { CliError, EXIT } from './cli-error.ts';

/** The settings that each source may give. */
export interface Settings {
  readonly server?: string | undefined;
  readonly database?: string | undefined;
  readonly token?: string | undefined;
  /** The name of the agent that acts. */
  readonly agent?: string | undefined;
}

const KEYS = ['server', 'database', 'token', 'agent'] as const;
const DEFAULTS: Settings = { server: 'http://127.0.0.1:3000', database: 'agora' };
const MAX_FOLDERS = 100;

/** The settings in effect, with the source of each, which `agora doctor` shows. */
export interface ResolvedSettings extends Settings {
  readonly server: string;
  readonly database: string;
  readonly sources: Readonly<Partial<Record<keyof Settings, string>>>;
}

/** Merges flags, environment and files. Throws `cli/bad-config`. */
export function readSettings(
  flags: Settings & { readonly config?: string | undefined },
  environment: Readonly<Record<string, string | undefined>>,
  cwd: string,
): ResolvedSettings {
  const files = flags.config === undefined ? configFiles(environment, cwd) : [flags.config];
  const candidates: [string, Settings][] = [
    ['flag', flags],
    ['environment', fromEnvironment(environment)],
    ...files.flatMap((file): [string, Settings][] => {
      const settings = readFile(file, flags.config !== undefined);
      return settings ? [[file, settings]] : [];
    }),
    ['default', DEFAULTS],
  ];
  const found: Partial<Record<keyof Settings, string>> = {};
  const sources: Partial<Record<keyof Settings, string>> = {};
  for (const key of KEYS) {
    for (const [source, settings] of candidates) {
      if (settings[key] === undefined || settings[key] === '') continue;
      found[key] = settings[key];
      sources[key] = source;
      break;
    }
  }
  const { server = '', database = '' } = found;
  if (!/^(http|ws)s?:$/.test(URL.parse(server)?.protocol ?? '')) {
    const where = sources.server === 'flag' ? '--server' : `The server of ${sources.server ?? ''}`;
    const sentence = `${where} must be a URL such as ${DEFAULTS.server ?? ''}, not "${server}".`;
    throw new CliError('cli/bad-config', sentence, EXIT.usage);
  }
  return { ...found, server, database, sources };
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Settings {
  return {
    server: environment['AGORA_SERVER'],
    database: environment['AGORA_DATABASE'],
    token: environment['AGORA_TOKEN'],
    agent: environment['AGORA_AGENT'],
  };
}

/** Every `agora.json` from this folder upwards, then the user's own file. The files may be missing. */
function configFiles(environment: Readonly<Record<string, string | undefined>>, cwd: string): string[] {
  const files: string[] = [];
  let folder = cwd;
  for (let depth = 0; depth < MAX_FOLDERS; depth++) {
    files.push(join(folder, 'agora.json'));
    if (dirname(folder) === folder) break;
    folder = dirname(folder);
  }
  return [...files, join(configFolder(environment), 'config.json')];
}

/** The folder of the user's own settings: `$AGORA_HOME`, else `$XDG_CONFIG_HOME/agora`, else `~/.config/agora`. */
function configFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const { AGORA_HOME: home, XDG_CONFIG_HOME: xdg } = environment;
  if (home) return home;
  return join(xdg || join(homedir(), '.config'), 'agora');
}

/** The default data folder of a hub on this machine. */
export function dataFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const { AGORA_DATA_DIR: folder, AGORA_HOME: home, XDG_DATA_HOME: xdg } = environment;
  if (folder) return folder;
  if (home) return join(home, 'data');
  return join(xdg || join(homedir(), '.local', 'share'), 'agora');
}

function readFile(path: string, mustExist: boolean): Settings | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (
      !mustExist &&
      cause instanceof Error &&
      'code' in cause &&
      (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
    )
      return undefined;
    throw badConfig(path, 'cannot be read', cause);
  }
  return parseFile(path, text);
}

/** Checked without zod, which would be the slowest part of `agora --help`. */
function parseFile(path: string, text: string): Settings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badConfig(path, 'is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badConfig(path, 'is not a JSON object');
  for (const [key, each] of Object.entries(value)) {
    if (!KEYS.some(known => known === key))
      throw badConfig(path, `has the unknown key "${key}"; valid keys are ${KEYS.join(', ')}`);
    if (typeof each !== 'string') throw badConfig(path, `has a "${key}" that is not a string`);
  }
  return value; // an object with only these keys and string values
}

function badConfig(path: string, fault: string, cause?: unknown): CliError {
  return new CliError('cli/bad-config', `The configuration ${path} ${fault}.`, EXIT.usage, { cause });
}
