// The clients: where their settings are, and how a server and a hook are written there. A further client is a further row.

import { join } from 'node:path';
import { eventsOf, WAKE, type HookClientName } from '../hook/hook-output.ts';
import { formatSettings, isObject, listIn, objectIn, parseSettings, type JsonObject } from './json-file.ts';
import { tomlList, tomlString, withoutTable, withTable } from './toml-table.ts';

/** The name of the server in every client. */
export const SERVER_NAME = 'agora';

/** The program that clients start: absolute, so that no search path matters. */
export interface Program {
  readonly command: string;
  /** Arguments before the name of a command of `agora`. */
  readonly args: readonly string[];
  readonly server: string;
  readonly database: string;
  /** The name of the agent; by default each session has its own. */
  readonly agent?: string | undefined;
}

/** The places that depend on the user. */
export interface UserPlaces {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A settings file, and how it changes. `program` is undefined to remove the entries. */
export interface SettingsFile {
  readonly path: string;
  /** The new text; undefined if nothing is left of the file. */
  readonly change: (old: string | undefined, program: Program | undefined) => string | undefined;
}

/** A client. */
export interface InstallClient {
  readonly title: string;
  readonly files: (places: UserPlaces) => readonly SettingsFile[];
  /** What the user has to do by hand. */
  readonly steps: readonly string[];
}

/** Hooks and the server of one client have these words in common, by which own entries are found again. */
const HOOK_WORDS = / hook (claude|codex|cursor|gemini|copilot) /;
/** Codex ends a call after 60 s unless the configuration says otherwise. */
const TOOL_TIMEOUT_S = 300;
const HOOK_TIMEOUT_S = 10;
/** A waker waits as long as a session may be idle. */
const WAKE_TIMEOUT_S = 86_400;

export const INSTALL_CLIENTS = {
  claude: {
    title: 'Claude Code',
    files: ({ home, environment }) => {
      const folder = environment['CLAUDE_CONFIG_DIR'];
      return [
        serversIn(folder ? join(folder, '.claude.json') : join(home, '.claude.json'), 'mcpServers', program => ({
          type: 'stdio',
          ...wokenCommandOf(program),
        })),
        hooksIn(join(folder ?? join(home, '.claude'), 'settings.json'), 'claude', program =>
          groupedHooks('claude', program, {
            // No process for each event: the running server answers. At the start it does not run yet.
            UserPromptSubmit: [toolHook('UserPromptSubmit')],
            PostToolUse: [toolHook('PostToolUse')],
            // The second one waits beside the idle session, and wakes it.
            Stop: [
              toolHook('Stop'),
              {
                type: 'command',
                command: hookCommand(program, 'claude', WAKE),
                asyncRewake: true,
                timeout: WAKE_TIMEOUT_S,
              },
            ],
          }),
        ),
      ];
    },
    steps: ['Restart Claude Code; /mcp shows the server, /hooks the hooks.'],
  },
  codex: {
    title: 'Codex',
    files: ({ home, environment }) => {
      const folder = environment['CODEX_HOME'] || join(home, '.codex');
      return [
        { path: join(folder, 'config.toml'), change: changeCodexConfig },
        hooksIn(join(folder, 'hooks.json'), 'codex', program => groupedHooks('codex', program)),
      ];
    },
    steps: [
      'Start Codex, open /hooks and trust the hooks of agora: Codex runs no hook before that, and reports nothing.',
      '/mcp shows the server.',
    ],
  },
  cursor: {
    title: 'Cursor',
    files: ({ home }) => [
      serversIn(join(home, '.cursor', 'mcp.json'), 'mcpServers', program => ({ type: 'stdio', ...commandOf(program) })),
      hooksIn(
        join(home, '.cursor', 'hooks.json'),
        'cursor',
        program => flatHooks('cursor', program, ['sessionStart']),
        {
          version: 1,
        },
      ),
    ],
    steps: ['Restart Cursor, and enable the server under Settings, MCP.'],
  },
  gemini: {
    title: 'Gemini CLI',
    files: ({ home }) => {
      const path = join(home, '.gemini', 'settings.json');
      return [
        serversIn(path, 'mcpServers', program => ({ ...commandOf(program), timeout: TOOL_TIMEOUT_S * 1_000 })),
        hooksIn(path, 'gemini', program => groupedHooks('gemini', program)),
      ];
    },
    steps: ['Restart Gemini CLI; /mcp shows the server, /hooks the hooks.'],
  },
  opencode: {
    title: 'OpenCode',
    files: ({ home, environment }) => [
      serversIn(
        join(environment['XDG_CONFIG_HOME'] || join(home, '.config'), 'opencode', 'opencode.json'),
        'mcp',
        program => {
          const { command, args, env } = commandOf(program);
          return { type: 'local', command: [command, ...args], environment: env, enabled: true };
        },
      ),
    ],
    steps: ['Restart OpenCode. It has no hooks for commands, so mail does not wake it: ask it to check its inbox.'],
  },
  copilot: {
    title: 'Copilot CLI',
    files: ({ home, environment }) => {
      const folder = environment['COPILOT_HOME'] || join(home, '.copilot');
      return [
        serversIn(join(folder, 'mcp-config.json'), 'mcpServers', program => ({
          type: 'local',
          ...commandOf(program),
          tools: ['*'],
        })),
        hooksIn(join(folder, 'hooks', 'agora.json'), 'copilot', program => copilotHooks(program), { version: 1 }),
      ];
    },
    steps: ['Restart Copilot CLI; /mcp show lists the server.'],
  },
} as const satisfies Readonly<Record<string, InstallClient>>;

/** A client that Agora installs itself into. */
export type InstallClientName = keyof typeof INSTALL_CLIENTS;
/** All such clients. */
export const INSTALL_CLIENT_NAMES = Object.keys(INSTALL_CLIENTS) as InstallClientName[];

/** The command line of a hook, for a shell. Clients pass no variables of the server to it, so it has flags. */
export function hookCommand(program: Program, client: HookClientName, event: string): string {
  const { command, args, server, database, agent } = program;
  const flags = ['--server', server, '--database', database, ...(agent === undefined ? [] : ['--as', agent])];
  return [command, ...args, ...flags, 'hook', client, event].map(quoted).join(' ');
}

function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return process.platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", `'\\''`)}'`;
}

function commandOf({ command, args, server, database, agent }: Program) {
  const env = { AGORA_SERVER: server, AGORA_DATABASE: database, ...(agent !== undefined && { AGORA_AGENT: agent }) };
  return { command, args: [...args, 'mcp'], env };
}

/** The server of a client whose idle sessions are woken. */
function wokenCommandOf(program: Program) {
  const { env, ...rest } = commandOf(program);
  return { ...rest, env: { ...env, AGORA_MCP_WOKEN: '1' } };
}

/** A hook that calls the hidden tool of the running server. */
function toolHook(event: string): object {
  const input = { event, active: '${stop_hook_active}' };
  return { type: 'mcp_tool', server: SERVER_NAME, tool: 'hook', input };
}

/** The entry of the server in a JSON object of servers. */
function serversIn(path: string, key: string, entry: (program: Program) => object): SettingsFile {
  return jsonFile(path, (settings, program) => {
    const servers = objectIn(settings, key, path);
    if (program) servers[SERVER_NAME] = entry(program);
    else delete servers[SERVER_NAME];
    if (Object.keys(servers).length === 0) delete settings[key];
  });
}

/** Own hooks by event, between those of others. `fixed` members are part of a new file. */
function hooksIn(
  path: string,
  client: HookClientName,
  entries: (program: Program) => Readonly<Record<string, object>>,
  fixed: JsonObject = {},
): SettingsFile {
  return jsonFile(path, (settings, program) => {
    const hooks = objectIn(settings, 'hooks', path);
    for (const event of new Set([...Object.keys(hooks), ...eventsOf(client)])) {
      // Some clients keep other members beside the events.
      if (hooks[event] !== undefined && !Array.isArray(hooks[event])) continue;
      const kept = listIn(hooks, event, path).filter(each => !isOwnHook(each));
      const own = program && entries(program)[event];
      const list = own ? [...kept, own] : kept;
      if (list.length > 0) hooks[event] = list;
      else delete hooks[event];
    }
    if (Object.keys(hooks).length === 0) delete settings['hooks'];
    if (program) for (const [key, value] of Object.entries(fixed)) settings[key] ??= value;
    else if (settings['hooks'] === undefined) for (const key of Object.keys(fixed)) delete settings[key];
  });
}

function isOwnHook(entry: unknown): boolean {
  if (!isObject(entry)) return false;
  if (entry['type'] === 'mcp_tool') return entry['server'] === SERVER_NAME;
  const line = entry['command'] ?? entry['bash'];
  if (typeof line === 'string') return HOOK_WORDS.test(`${line} `);
  const { hooks } = entry;
  return Array.isArray(hooks) && hooks.length > 0 && hooks.every(isOwnHook);
}

function groupedHooks(
  client: HookClientName,
  program: Program,
  special: Readonly<Record<string, readonly object[]>> = {},
): Record<string, object> {
  const entries = eventsOf(client).map(event => {
    const command = { type: 'command', command: hookCommand(program, client, event), timeout: hookTimeout(client) };
    return [event, { hooks: special[event] ?? [command] }] as const;
  });
  return Object.fromEntries(entries);
}

/** Gemini CLI counts in milliseconds. */
function hookTimeout(client: HookClientName): number {
  return client === 'gemini' ? HOOK_TIMEOUT_S * 1_000 : HOOK_TIMEOUT_S;
}

function flatHooks(client: HookClientName, program: Program, without: readonly string[]): Record<string, object> {
  const events = eventsOf(client).filter(event => !without.includes(event));
  return Object.fromEntries(events.map(event => [event, { command: hookCommand(program, client, event) }]));
}

function copilotHooks(program: Program): Record<string, object> {
  const entries = eventsOf('copilot').map(event => {
    const line = hookCommand(program, 'copilot', event);
    return [event, { type: 'command', bash: line, powershell: `& ${line}`, timeoutSec: HOOK_TIMEOUT_S }] as const;
  });
  return Object.fromEntries(entries);
}

function jsonFile(path: string, change: (settings: JsonObject, program: Program | undefined) => void): SettingsFile {
  return {
    path,
    change: (old, program) => {
      const settings = parseSettings(path, old);
      change(settings, program);
      if (Object.keys(settings).length === 0 && (old === undefined || !program)) return undefined;
      return formatSettings(settings, old);
    },
  };
}

function changeCodexConfig(old: string | undefined, program: Program | undefined): string | undefined {
  const name = `mcp_servers.${SERVER_NAME}`;
  if (!program) {
    const rest = withoutTable(old ?? '', name);
    return rest.trim() === '' ? undefined : rest;
  }
  const { command, args, env } = commandOf(program);
  const variables = Object.entries(env).map(([key, value]) => `${key} = ${tomlString(value)}`);
  return withTable(old ?? '', name, [
    `command = ${tomlString(command)}`,
    `args = ${tomlList(args)}`,
    `env = { ${variables.join(', ')} }`,
    // Codex passes on an allow-list of variables only.
    `env_vars = ${tomlList(['AGORA_AGENT', 'AGORA_HOME', 'AGORA_TOKEN', 'AGORA_CAPABILITIES', 'AGORA_MCP_WAKE'])}`,
    'startup_timeout_sec = 20',
    `tool_timeout_sec = ${TOOL_TIMEOUT_S}`,
  ]);
}
