import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dataFolder, readSettings } from './settings.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'agora-config-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, value: unknown): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

describe('settings', () => {
  test('come from a flag, else the environment, else the nearest agora.json, else the user’s file, else the defaults', () => {
    const home = join(folder, 'home');
    const own = write('home/config.json', { server: 'http://own', database: 'own', token: 'own', agent: 'own' });
    write('agora.json', { server: 'http://far', database: 'far' });
    const near = write('work/agora.json', { server: 'http://near', database: 'near', token: 'near' });
    const cwd = join(folder, 'work', 'deep');
    const environment = { AGORA_HOME: home, AGORA_SERVER: 'http://environment', AGORA_DATABASE: 'environment' };
    expect(readSettings({ server: 'http://flag' }, environment, cwd)).toEqual({
      server: 'http://flag',
      database: 'environment',
      token: 'near',
      agent: 'own',
      sources: { server: 'flag', database: 'environment', token: near, agent: own },
    });
    expect(readSettings({}, { AGORA_HOME: join(folder, 'none') }, tmpdir())).toEqual({
      server: 'http://127.0.0.1:3000',
      database: 'agora',
      sources: { server: 'default', database: 'default' },
    });
    const named = write('named.json', { database: 'named' });
    expect(readSettings({ config: named }, { AGORA_HOME: home }, cwd)).toMatchObject({
      server: 'http://127.0.0.1:3000',
      database: 'named',
    });
  });

  test.each([
    ['is not JSON', '{'],
    ['is not a JSON object', '[]'],
    ['has the unknown key "servr"; valid keys are server, database, token, agent', { servr: 'x' }],
    ['has a "server" that is not a string', { server: 1 }],
  ])('in a file that %s are refused', (sentence, value) => {
    const config = write('bad.json', value);
    const reading = () => readSettings({ config }, {}, folder);
    expect(reading).toThrow(`The configuration ${config} ${sentence}.`);
    expect(reading).toThrow(expect.objectContaining({ code: 'cli/bad-config', exit: 2 }));
  });

  test('name a server by its URL', () => {
    expect(() => readSettings({ server: 'localhost:3000' }, {}, folder)).toThrow(/^--server must be a URL such as/);
    expect(() => readSettings({}, { AGORA_SERVER: 'x' }, folder)).toThrow(/^The server of environment must be a URL/);
    expect(() => readSettings({ config: join(folder, 'none') }, {}, folder)).toThrow(/cannot be read/);
  });
});

test('the data folder is AGORA_DATA_DIR, else in AGORA_HOME, else in the data folder of the user', () => {
  expect(dataFolder({ AGORA_DATA_DIR: '/data', AGORA_HOME: '/home/agora' })).toBe('/data');
  expect(dataFolder({ AGORA_HOME: '/home/agora', XDG_DATA_HOME: '/share' })).toBe('/home/agora/data');
  expect(dataFolder({ XDG_DATA_HOME: '/share' })).toBe('/share/agora');
  expect(dataFolder({})).toMatch(/\/\.local\/share\/agora$/);
});
