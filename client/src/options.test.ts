import { afterEach, describe, expect, test, vi } from 'vitest';
import { readOptions } from './options.ts';

afterEach(() => void vi.unstubAllEnvs());

describe('the options of a client', () => {
  test('have defaults', () => {
    vi.stubEnv('AGORA_SERVER', '');
    expect(readOptions('Ada', {})).toMatchObject({ database: 'agora', durable: true, offlineTimeoutMs: 10_000 });
    expect(readOptions('Ada', {}).server.href).toBe('http://127.0.0.1:3000/');
  });

  test('come from the environment if they are not set', () => {
    vi.stubEnv('AGORA_SERVER', 'http://hub.example:8080');
    expect(readOptions('Ada', {}).server.href).toBe('http://hub.example:8080/');
    expect(readOptions('Ada', { server: 'https://other.example/below' }).server.href).toBe(
      'https://other.example/below/',
    );
  });

  test.each(['http', 'https'])('accept the address of a WebSocket (%s)', scheme => {
    expect(readOptions('Ada', { server: `${scheme.replace('http', 'ws')}://hub` }).server.href).toBe(
      `${scheme}://hub/`,
    );
  });

  test.each([
    [{ server: 'hub' }, 'server is a URL'],
    [{ server: 'ftp://hub' }, 'server is a URL'],
    [{ database: 'a/b' }, 'is not a database name'],
    [{ offlineTimeoutMs: -1 }, 'offlineTimeoutMs'],
    [{ callTimeoutMs: Number.NaN }, 'callTimeoutMs'],
    [{ giveUpAfterMs: Infinity }, 'giveUpAfterMs'],
  ])('cannot be %j', (options, sentence) => {
    expect(() => readOptions('Ada', options)).toThrow(sentence);
    expect(() => readOptions('Ada', options)).toThrow(expect.objectContaining({ code: 'client/bad-option' }));
  });
});
