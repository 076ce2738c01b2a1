// MCP over HTTP on the hub's own port, with the official client, in both eras.

import { startHub, type Hub } from '@agora/hub';
import { createMcpRoute } from '@agora/mcp/http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

let hub: Hub;
beforeAll(async () => {
  hub = await startHub({ routes: ({ url }) => [createMcpRoute({ server: url, database: 'agora' })] });
});
afterAll(() => hub.close());

async function connect(agent: string, token: string, mode: 'auto' | 'legacy', at = hub): Promise<Client> {
  const client = new Client({ name: 'http-test', version: '1.0.0' }, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL(`/mcp?agent=${agent}`, at.url), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  await client.connect(transport);
  return client;
}

async function call(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const { structuredContent } = await client.callTool({ name, arguments: args }, { onprogress: () => undefined });
  return structuredContent as Record<string, unknown>; // every answer has it
}

test.each(['auto', 'legacy'] as const)('two agents ask and answer over HTTP (%s era)', async mode => {
  const asker = await connect(`HttpAsker-${mode}`, hub.host.mint().token, mode);
  const worker = await connect(`HttpWorker-${mode}`, hub.host.mint().token, mode);
  await call(worker, 'whoami');
  const asking = call(asker, 'ask', { to: `HttpWorker-${mode}`, text: 'ready?', timeout_s: 30 });
  const { mail } = await call(worker, 'wait_for_message', { timeout_s: 20 });
  const [{ id } = { id: '' }] = mail as { id: string }[]; // as its schema says
  // The next request is another one, yet the message is still held.
  await call(worker, 'settle', { id, how: 'answer', text: 'yes' });
  expect(await asking).toMatchObject({ status: 'success', from: `HttpWorker-${mode}`, body: { text: 'yes' } });
  await asker.close();
  await worker.close();
});

test('a request without a valid token is refused', async () => {
  const request = { method: 'POST', body: '{}' };
  const without = await fetch(new URL('/mcp', hub.url), request);
  expect(without.status).toBe(401);
  expect(without.headers.get('www-authenticate')).toContain('Bearer');
  const wrong = await fetch(new URL('/mcp', hub.url), { ...request, headers: { authorization: 'Bearer x' } });
  expect(wrong.status).toBe(401);
  expect((await fetch(new URL('/.well-known/oauth-protected-resource', hub.url))).status).toBe(404);
});

test('a page of another origin is refused, also with a token', async () => {
  const { token } = hub.host.mint();
  const headers = { authorization: `Bearer ${token}`, origin: 'https://evil.example' };
  const { status } = await fetch(new URL('/mcp', hub.url), { method: 'POST', body: '{}', headers });
  expect(status).toBe(403);
});

test('the agent of another identity is refused', async () => {
  const owner = await connect('HttpOwned', hub.host.mint().token, 'auto');
  await call(owner, 'whoami');
  const thief = await connect('HttpOwned', hub.host.mint().token, 'auto');
  const { isError, structuredContent } = await thief.callTool({ name: 'check_inbox', arguments: {} });
  expect({ isError, structuredContent }).toMatchObject({
    isError: true,
    structuredContent: { code: 'agent/not-yours', hint: expect.stringContaining('AGORA_AGENT') as string },
  });
  await owner.close();
  await thief.close();
});

test('a session without requests ends, and its mail is delivered again', async () => {
  await using idle = await startHub({
    routes: ({ url }) => [createMcpRoute({ server: url, database: 'agora', idleMs: 300 })],
  });
  const { token } = idle.host.mint();
  const open = () => connect('Sleeper', token, 'auto', idle);
  const sleeper = await open();
  await call(sleeper, 'whoami');
  const sender = await connect('Waker', idle.host.mint().token, 'auto', idle);
  await call(sender, 'send_message', { to: 'Sleeper', text: 'are you there?' });
  await expect.poll(async () => (await call(sleeper, 'check_inbox'))['mail']).toMatchObject([{ is_new: true }]);
  // The agent goes offline with its session; no request of it asks for that.
  await expect
    .poll(async () => (await call(sender, 'find_agents', { name: 'Sleeper' }))['agents'], { timeout: 10_000 })
    .toMatchObject([{ presence: 'offline' }]);
  await expect.poll(async () => (await call(sleeper, 'check_inbox'))['mail']).toMatchObject([{ from: 'Waker' }]);
  await sleeper.close();
  await sender.close();
});
