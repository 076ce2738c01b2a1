// The dashboard as a target: its headers, its size, its sign-in codes, and content that tries to run or to forge.

import { gunzipSync, gzipSync } from 'node:zlib';
import { createId, PermanentError } from '@agora/client';
import type { Hub } from '@agora/hub';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  agent,
  rowsOf,
  signInCode,
  startDashboardBrowser,
  startDashboardHub,
  WITHIN,
  type DashboardBrowser,
} from './support/dashboard.ts';

vi.setConfig({ testTimeout: 60_000 });

const MAX_FIRST_LOAD = 260_000;

let hub: Hub;
beforeAll(async () => {
  hub = await startDashboardHub();
});
afterAll(() => hub.close());

/** The scripts and styles that the page loads first, by their addresses. */
async function firstLoad(): Promise<string[]> {
  const html = await (await fetch(hub.url)).text();
  return [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, path]) => `${hub.url}/${path ?? ''}`);
}

describe('the route', () => {
  test('serves the page under a strict policy, and nothing to other sites', async () => {
    const answer = await fetch(hub.url);
    expect(answer.status).toBe(200);
    const policy = answer.headers.get('content-security-policy')?.split('; ');
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self' data:",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(await answer.text()).not.toMatch(/<script(?![^>]* src=)|<style|style=|onload=|onerror=/);
    expect((await fetch(hub.url, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  });

  test('serves hashed files for ever, compressed, and leaves all other paths as they were', async () => {
    const [script = ''] = (await firstLoad()).filter(url => url.endsWith('.js'));
    const answer = await fetch(script, { headers: { 'accept-encoding': 'gzip' } });
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    const plain = await fetch(script, { headers: { 'accept-encoding': 'identity' } });
    expect(await plain.text()).toBe(await answer.text());
    for (const path of [
      '/nothing',
      '/index.html',
      '/assets/../package.json',
      '/assets/%2e%2e/index.html',
      '/sign-in',
    ]) {
      expect([path, (await fetch(hub.url + path)).status]).toEqual([path, 404]);
    }
    expect((await fetch(`${hub.url}/v1/ping`)).status).toBe(200);
    expect((await fetch(`${hub.url}/health`)).status).toBe(200);
    expect((await fetch(`${hub.url}/`, { method: 'DELETE' })).status).toBe(405);
  });

  test('keeps the first load below 260 kB', async () => {
    const files = await Promise.all(
      (await firstLoad()).map(async url => new Uint8Array(await (await fetch(url)).arrayBuffer())),
    );
    expect(files.length).toBeGreaterThanOrEqual(2);
    const bytes = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(MAX_FIRST_LOAD);
    expect(gunzipSync(gzipSync(files[0] ?? new Uint8Array())).length).toBe(files[0]?.length);
  });

  test('names its database in the page as text only', async () => {
    await using other = await startDashboardHub({ database: 'agora-two' });
    expect(await (await fetch(other.url)).text()).toContain('name="agora-database" content="agora-two"');
  });

  test('gives codes to holders of a token only, and each is exchanged once', async () => {
    const post = (path: string, body?: string, headers = {}) =>
      fetch(hub.url + path, { method: 'POST', headers, ...(body !== undefined && { body }) });
    expect((await post('/sign-in/code')).status).toBe(401);
    expect((await post('/sign-in/code', undefined, { authorization: 'Bearer x' })).status).toBe(401);
    expect((await post('/sign-in', 'guess')).status).toBe(403);
    const code = await signInCode(hub, hub.ownerToken);
    const first = await post('/sign-in', code);
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(await first.json()).toEqual({ token: hub.ownerToken });
    expect((await post('/sign-in', code)).status).toBe(403);
    expect((await post('/sign-in', 'x'.repeat(5_000))).status).toBe(413);
    const foreign = await signInCode(hub, hub.ownerToken);
    expect((await post('/sign-in', foreign, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post('/sign-in', foreign)).status).toBe(200);
  });
});

describe('hostile content', () => {
  let browser: DashboardBrowser;
  beforeAll(async () => {
    browser = await startDashboardBrowser();
  }, 120_000);
  afterAll(() => browser[Symbol.asyncDispose]());

  const MARKUP =
    '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script><a href="javascript:window.hurt=1">x</a>';
  const UNSEEN = `\u202Eevil\u2066 \u200B${'\u0000'}`;

  test('neither runs nor forges the interface', async () => {
    const attacker = await agent(hub, 'Attacker', [], hub.ownerToken);
    const victim = await agent(hub, 'Victim', ['review'], hub.ownerToken);
    await victim.subscribeToMessages({
      filters: { messageTypes: ['bad'] },
      handler: (_, { fail }) => fail(MARKUP + UNSEEN, { retry: false }),
    });
    victim.onTask('javascript:hurt', () => {
      throw new PermanentError(MARKUP);
    });
    await attacker.updateAgent({ metadata: { note: MARKUP } });
    const id = createId();
    await attacker.sendMessage({
      id,
      to: 'Victim',
      messageType: 'note',
      payload: { [MARKUP]: MARKUP + UNSEEN, __proto__: 1 },
    });
    await attacker.sendMessage({ to: 'Victim', messageType: 'bad', payload: 'javascript:window.hurt=1' });
    await attacker.publishEvent({
      eventType: 'constructor',
      data: { workflow_id: 'javascript:window.hurt=1', agent_name: MARKUP, message_id: '"><svg onload=hurt()>' },
    });
    const claim = await attacker.claim({ name: MARKUP }, { note: MARKUP + UNSEEN });
    const { workflowId } = await attacker.startWorkflowCoordination({
      workflowType: 'hasOwnProperty',
      steps: [{ agent: 'Victim', action: 'javascript:hurt', requirements: { html: MARKUP } }],
    });
    await expect
      .poll(() => rowsOf(hub, 'SELECT no FROM dead_letter').then(rows => rows.length), WITHIN)
      .toBeGreaterThan(0);
    const { page, faults, go } = await browser.open(hub, hub.ownerToken);
    onTestFinished(async () => {
      await page.context().close();
      await Promise.all([attacker.close(), victim.close()]);
    });
    const hrefs = () => page.evaluate('[...document.querySelectorAll("a")].map(link => link.protocol)');
    const pages: [string, string][] = [
      ['overview', 'constructor'],
      ['agents', 'Attacker'],
      ['agents/Attacker', 'onerror'],
      ['agents/Victim', 'note'],
      ['messages', 'onerror'],
      [`messages/${id}`, '⟨202E⟩evil⟨2066⟩'],
      ['dead-letters', 'onerror'],
      ['workflows', 'hasOwnProperty'],
      [`workflows/${workflowId}?step=javascript%3Ahurt`, 'onerror'],
      ['events', 'constructor'],
      ['claims', 'onerror'],
      [`claims/${claim.id}`, '⟨202E⟩evil⟨2066⟩'],
      ["claims/' OR 1=1", 'There is no such claim.'],
      ['agents/%3Cscript%3Ewindow.hurt=1%3C%2Fscript%3E', 'There is no agent of this name.'],
      ["agents/' OR 1=1", 'There is no agent of this name.'],
      ['messages/javascript:window.hurt=1', 'message/unknown'],
      ['__proto__/constructor', 'There is no page at this address.'],
    ];
    for (const [path, text] of pages) {
      await go(path);
      await expect.poll(() => page.locator('#main').innerText(), { ...WITHIN, message: path }).toContain(text);
      expect(await page.locator('#main img, #main script, #main iframe, #main svg[onload]').count()).toBe(0);
      expect(new Set((await hrefs()) as string[])).toEqual(new Set(['http:']));
      expect(await page.locator('#main').innerText()).not.toMatch(/[\u202E\u2066\u200B]/);
    }
    expect(await page.evaluate('window.hurt')).toBeUndefined();
    // The policy itself holds: text does not become a script, also for code of the page.
    expect(
      await page.evaluate(
        '(() => { try { document.body.innerHTML = "<b>x</b>"; return "made" } catch (error) { return error.name } })()',
      ),
    ).toBe('TypeError');
    expect(faults.filter(fault => !/TrustedHTML|Trusted Type/.test(fault))).toEqual([]);
  });
});
