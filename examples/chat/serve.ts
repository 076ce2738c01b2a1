// Bundles the page and serves it: `node serve.ts`, then open the printed address.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const {
  outputFiles: [script],
} = await build({
  entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
  bundle: true,
  format: 'esm',
  platform: 'browser',
  write: false,
  minify: true,
  logLevel: 'error',
});
const page = readFileSync(new URL('index.html', import.meta.url));

const server = createServer((request, response) => {
  const isScript = request.url === '/page.js';
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
  response.end(isScript ? script?.contents : page);
});
server.listen(Number(process.env['PORT'] ?? 5173), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo; // it listens on a port
  const hub = process.env['AGORA_SERVER'] ?? 'http://127.0.0.1:3000';
  console.log(`Open http://127.0.0.1:${port}/?hub=${encodeURIComponent(hub)}`);
});
