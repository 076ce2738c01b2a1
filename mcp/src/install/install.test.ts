import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { INSTALL_CLIENT_NAMES, INSTALL_CLIENTS, type InstallClient, type Program, type UserPlaces } from './clients.ts';
import { inspectInstall } from './inspect.ts';
import { applyPlan, planInstall } from './install.ts';

const program: Program = {
  command: '/opt/node/bin/node',
  args: ["/opt/it's agora/main.js"],
  server: 'http://127.0.0.1:4610',
  database: 'agora',
};

let home: string;
let places: UserPlaces;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'agora-install-'));
  places = { home, environment: {} };
});
afterEach(() => rm(home, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

const pathsOf = (name: (typeof INSTALL_CLIENT_NAMES)[number]) => {
  const client: InstallClient = INSTALL_CLIENTS[name];
  return [...new Set(client.files(places).map(({ path }) => path))];
};

/** Entries of others, in the form that each file has. */
const OTHERS = {
  json: {
    version: 1,
    theme: 'dark',
    mcpServers: { other: { command: 'other', args: [] } },
    mcp: { other: { type: 'local', command: ['other'] } },
    hooks: { Stop: [{ hooks: [{ type: 'command', command: 'other hook' }] }], stop: [{ command: 'other hook' }] },
  },
  toml: '# mine\nmodel = "x" # comment\n\n[mcp_servers.other]\ncommand = "other"\n\n[mcp_servers.other.env]\nA = "1"\n',
};

describe.each(INSTALL_CLIENT_NAMES)('%s', name => {
  test('is installed with absolute paths, once, and removed without a trace', async () => {
    const plan = await planInstall(name, places, program);
    expect(plan.files.length).toBeGreaterThan(0);
    expect(await applyPlan(plan)).toEqual([]);
    expect((await inspectInstall(name, places, program)).state).toBe('installed');
    for (const path of pathsOf(name)) {
      const text = await readFile(path, 'utf8');
      expect(text).toContain(program.command);
      expect(text).not.toContain('npx');
      expect((await stat(path)).mode & 0o077).toBe(0);
    }
    expect((await planInstall(name, places, program)).files).toEqual([]);
    await applyPlan(await planInstall(name, places, undefined));
    expect((await inspectInstall(name, places, program)).state).toBe('absent');
    for (const path of pathsOf(name)) await expect(stat(path)).rejects.toThrow();
  });

  test('keeps everything of others, byte for byte after the removal, and a copy of the old file', async () => {
    const before = new Map<string, string>();
    for (const path of pathsOf(name)) {
      const text = path.endsWith('.toml') ? OTHERS.toml : `${JSON.stringify(OTHERS.json, undefined, 4)}\n`;
      before.set(path, text);
      await write(path, text);
    }
    await applyPlan(await planInstall(name, places, program));
    for (const [path, text] of before) {
      const now = await readFile(path, 'utf8');
      expect(now).not.toBe(text);
      expect(now).toContain('other');
      expect(await readFile(`${path}.before-agora`, 'utf8')).toBe(text);
      if (path.endsWith('.toml')) expect(now.startsWith(text)).toBe(true);
      else expect(JSON.parse(now)).toMatchObject({ theme: 'dark', mcpServers: OTHERS.json.mcpServers });
    }
    await applyPlan(await planInstall(name, places, undefined));
    for (const [path, text] of before) expect(await readFile(path, 'utf8')).toBe(text);
  });

  test('another program replaces the entries of the old one', async () => {
    await applyPlan(await planInstall(name, places, program));
    const newer = { ...program, command: '/opt/newer/node' };
    expect((await inspectInstall(name, places, newer)).state).toBe('other');
    await applyPlan(await planInstall(name, places, newer));
    for (const path of pathsOf(name)) expect(await readFile(path, 'utf8')).not.toContain(program.command);
    expect((await inspectInstall(name, places, newer)).state).toBe('installed');
  });
});

test('a file with comments is left as it is', async () => {
  const path = join(home, '.cursor', 'mcp.json');
  await write(path, '{ /* mine */ "mcpServers": {} }');
  await expect(planInstall('cursor', places, program)).rejects.toThrow('is left as it is');
  expect(await readdir(dirname(path))).toEqual(['mcp.json']);
  expect((await inspectInstall('cursor', places, program)).state).toBe('unreadable');
});

test('a linked file stays a link', async () => {
  const real = join(home, 'dotfiles', 'claude.json');
  await write(real, '{}');
  await symlink(real, join(home, '.claude.json'));
  await applyPlan(await planInstall('claude', places, program));
  expect(JSON.parse(await readFile(real, 'utf8'))).toMatchObject({ mcpServers: { agora: { type: 'stdio' } } });
});

test('Codex is reported to run no hooks until the user trusts them', async () => {
  await applyPlan(await planInstall('codex', places, program));
  expect((await inspectInstall('codex', places, program)).faults).toHaveLength(2);
});
