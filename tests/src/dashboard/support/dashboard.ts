// A hub with its dashboard, a browser, and pages that are signed in.

import { AgoraClient } from '@agora/client';
import { createDashboardRoute } from '@agora/dashboard';
import { startHub, type Hub, type HubOptions } from '@agora/hub';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { startChromium } from '../../browser/browser.ts';

export const WITHIN = { timeout: 10_000, interval: 40 };

/** Starts a hub as `agora up` does. */
export function startDashboardHub(options: HubOptions = {}): Promise<Hub> {
  return startHub({ ...options, routes: [createDashboardRoute({ database: options.database ?? 'agora' })] });
}

/** A connected client of the hub; its identity is that of the token, by default a new one. */
export async function connect(hub: Hub, name: string, token?: string): Promise<AgoraClient> {
  const client = new AgoraClient(name, {
    server: hub.url,
    ...(token === undefined ? { tokenStore: false } : { token }),
  });
  await client.connect();
  return client;
}

/** A connected client with its registered agent. */
export async function agent(hub: Hub, name: string, capabilities: string[] = [], token?: string): Promise<AgoraClient> {
  const client = await connect(hub, name, token);
  await client.registerAgent({ agentType: 'worker', capabilities });
  return client;
}

/** Rows of a query of the owner. */
export async function rowsOf(hub: Hub, query: string): Promise<unknown[][]> {
  const answer = await fetch(`${hub.url}/v1/database/${hub.database}/sql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hub.ownerToken}` },
    body: query,
  });
  if (!answer.ok) throw new Error(`${query}: ${await answer.text()}`);
  const [{ rows } = { rows: [] }] = (await answer.json()) as { rows: unknown[][] }[];
  return rows;
}

/** A one-time sign-in code of a token, as `agora open` gets it. */
export async function signInCode(hub: Pick<Hub, 'url'>, token: string): Promise<string> {
  const answer = await fetch(`${hub.url}/sign-in/code`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await answer.json()) as { code: string }).code;
}

/** A page with the faults that it reported. */
export interface OpenPage {
  readonly page: Page;
  /** Errors, warnings and violations of the content security policy. */
  readonly faults: string[];
  /** Opens a page of the dashboard by its address, such as `agents/Ada`. */
  readonly go: (path: string) => Promise<void>;
}

/** One browser for all tests of a file. */
export interface DashboardBrowser extends AsyncDisposable {
  /** A page that is signed in with a token. */
  open(hub: Pick<Hub, 'url'>, token: string, path?: string, options?: BrowserContextOptions): Promise<OpenPage>;
  /** A page without a token. */
  openAnonymous(url: string, options?: BrowserContextOptions): Promise<OpenPage>;
}

export async function startDashboardBrowser(): Promise<DashboardBrowser> {
  const chromium = await startChromium();
  const openAnonymous = async (url: string, options: BrowserContextOptions = {}): Promise<OpenPage> => {
    const context = await chromium.browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const faults: string[] = [];
    page.on('pageerror', error => faults.push(String(error)));
    page.on('console', message => {
      // The browser reports an unreachable hub and a refused code itself; the page is not at fault.
      const isFault =
        ['error', 'warning'].includes(message.type()) &&
        !/net::ERR_|status of 40[13]|WebSocket connection/.test(message.text());
      if (isFault) faults.push(message.text());
    });
    await page.goto(url);
    const go = async (path: string) => {
      await page.evaluate(`location.hash = ${JSON.stringify(`#/${path}`)}`);
    };
    return { page, faults, go };
  };
  return {
    openAnonymous,
    async open(hub, token, path = 'overview', options = {}) {
      const code = await signInCode(hub, token);
      const opened = await openAnonymous(`${hub.url}/#sign-in=${code}&page=/${path}`, options);
      await opened.page.locator('.shell').waitFor();
      return opened;
    },
    [Symbol.asyncDispose]: () => chromium[Symbol.asyncDispose](),
  };
}
