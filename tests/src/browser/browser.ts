// A real browser with a page that is bundled like an application.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'node:path';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';

const USUAL_PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--host-resolver-rules=MAP rebound.test 127.0.0.1',
];

/** A browser and its page. */
export interface TestBrowser extends AsyncDisposable {
  /** The origin of the page. */
  readonly origin: string;
  /** A new page with the bundle loaded. Errors that it throws are in `page.errors`. */
  open(): Promise<{ readonly page: Page; readonly errors: readonly string[] }>;
}

/** Starts a browser. Throws when this machine has none. */
export async function startChromium(): Promise<{ readonly browser: Browser } & AsyncDisposable> {
  const browser = await launch();
  return { browser, [Symbol.asyncDispose]: () => browser.close() };
}

function launch(): Promise<Browser> {
  const configured = process.env['AGORA_TEST_CHROMIUM'];
  const executablePath = (configured ? [configured] : USUAL_PLACES).find(place => existsSync(place));
  if (executablePath === undefined) {
    throw new Error(
      'These tests need Chromium. Install it (Debian: apt-get install chromium), or say where it is: AGORA_TEST_CHROMIUM=/path/to/it',
    );
  }
  return chromium.launch({ executablePath, args: FLAGS, timeout: 60_000 });
}

/** Bundles a file for a browser and starts one. Throws when this machine has no browser. */
export async function openBrowser(entry: string): Promise<TestBrowser> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    splitting: true,
    outdir: '/',
    platform: 'browser',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
    logLevel: 'silent',
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [path, contents]));
  return openFiles(files, `/${parse(entry).name}.js`);
}

/** Starts a browser whose page loads a script of these files, by their paths. Throws when this machine has no browser. */
export async function openFiles(files: ReadonlyMap<string, Uint8Array>, script: string): Promise<TestBrowser> {
  const html = `<!doctype html><title>Agora</title><body><script type="module" src="${script}"></script>`;
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    response.setHeader('content-type', file ? 'text/javascript' : 'text/html');
    response.end(file ?? html);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  const browser = await launch().catch((error: unknown) => {
    close();
    throw error;
  });
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    async open() {
      const context = await browser.newContext();
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      const errors: string[] = [];
      page.on('pageerror', error => errors.push(String(error)));
      page.on('console', message => {
        // The browser reports an unreachable server itself; the page is not at fault.
        const isFault = ['error', 'warning'].includes(message.type()) && !message.text().includes('net::ERR_');
        if (isFault) errors.push(message.text());
      });
      await page.goto(`${origin}/`);
      return { page, errors };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      close();
    },
  };
}
