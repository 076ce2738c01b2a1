import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { AgoraClient } from '../agora-client.ts';

let stop: (() => void) | undefined;

afterEach(() => stop?.());

/** A server that closes every WebSocket immediately and answers every request with `status` and `text`. */
async function aServer(status: number, text: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(text));
  server.on('upgrade', (_request, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stop = () => server.close();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a connection that is closed before its first message', () => {
  test.each([
    [403, 'identity c200 is not admitted', 'connection/not-admitted', /identity c200 is not admitted/],
    [404, '', 'connection/no-database', /no database "agora"/],
    [401, 'expired', 'connection/bad-token', /expired/],
    [500, '', 'connection/failed', /closed the connection immediately/],
  ])('is explained over HTTP: %d', async (status, text, code, sentence) => {
    const client = new AgoraClient('Ada', { server: await aServer(status, text), tokenStore: false });
    await expect(client.connect()).rejects.toMatchObject({
      name: 'ConnectionError',
      code,
      message: expect.stringMatching(sentence) as string,
    });
    expect(client.state).toBe('idle');
  });

  test('can be opened again', async () => {
    const server = await aServer(500, '');
    const client = new AgoraClient('Ada', { server, tokenStore: false });
    await expect(client.connect()).rejects.toThrow();
    await expect(client.connect()).rejects.toMatchObject({ code: 'connection/failed' });
  });
});
