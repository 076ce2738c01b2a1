// The dashboard below a path of a reverse proxy, in a real browser.

import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { agent, signInCode, startDashboardBrowser, startDashboardHub, WITHIN } from './support/dashboard.ts';

vi.setConfig({ testTimeout: 60_000 });

const PATH = '/team/agora';

/** A proxy that passes on what is below a path, with sockets, as the address of the hub. */
async function startPathProxy(): Promise<{ readonly origin: string; target: string } & AsyncDisposable> {
  const server: Server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // a TCP server has such an address
    target: '',
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const pass = ({ method, url = '', headers }: IncomingMessage) =>
    request(proxy.target + url.slice(PATH.length), {
      ...(method !== undefined && { method }),
      headers: { ...headers, host: new URL(proxy.target).host },
    });
  server.on('request', (incoming: IncomingMessage, answer) => {
    if (!incoming.url?.startsWith(`${PATH}/`)) return answer.writeHead(404).end();
    const passed = pass(incoming);
    passed.on('response', from => from.pipe(answer.writeHead(from.statusCode ?? 502, from.headers)));
    passed.on('error', () => answer.destroy());
    incoming.pipe(passed);
    return undefined;
  });
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
    const passed = pass(incoming).end();
    passed.on('upgrade', ({ headers }, to: Socket, first: Uint8Array) => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
      socket.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'));
      socket.write(first);
      socket.pipe(to).pipe(socket);
      for (const one of [socket, to]) one.on('error', () => [socket, to].forEach(each => each.destroy()));
    });
    passed.on('error', () => socket.destroy());
  });
  return proxy;
}

test('works below a path of a proxy: sign-in, live rows, an action', async () => {
  await using proxy = await startPathProxy();
  await using hub = await startDashboardHub({ allowOrigins: [proxy.origin] });
  await using browser = await startDashboardBrowser();
  proxy.target = hub.url;
  const code = await signInCode(hub, hub.ownerToken);
  const { page, faults } = await browser.openAnonymous(`${proxy.origin}${PATH}/#sign-in=${code}&page=/agents`);
  const seen = (text: string) => expect.poll(() => page.locator('#main').innerText(), WITHIN).toContain(text);
  await seen('No agent is here yet.');
  const echo = await agent(hub, 'Echo', [], hub.ownerToken);
  onTestFinished(() => echo.close());
  await seen('Echo');
  await page.keyboard.press('n');
  await page.getByRole('dialog').getByLabel('To').fill('Echo');
  await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
  await expect.poll(() => page.locator('.receipt[data-state=applied]').count(), WITHIN).toBe(1);
  expect(page.url()).toBe(`${proxy.origin}${PATH}/#/agents`);
  expect(faults).toEqual([]);
});
