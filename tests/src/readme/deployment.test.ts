// The files of docs/deployment.md and docs/operators.md, tried with the programs that read them.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { Shell } from '../cli/support/shell.ts';
import { startTestHub } from '../support/hub.ts';
import { readBlocks } from './support/blocks.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

/** The path of an installed program of the system. */
function programOf(name: string, debianPackage: string): string {
  const found = ['/usr/sbin', '/usr/bin', '/bin'].map(folder => join(folder, name)).find(path => existsSync(path));
  if (found === undefined)
    throw new Error(`This test needs ${name}: on Debian, run "apt-get install ${debianPackage}".`);
  return found;
}

/** A block of a page by its name. */
function blockOf(page: string, name: string): string {
  const { items } = readBlocks(readFileSync(join(ROOT, 'docs', page), 'utf8'));
  for (const item of items) if ('block' in item && item.block.name === name) return item.block.code;
  throw new Error(`docs/${page} has no block ${name}`);
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agora-deployment-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts nginx with the configuration of the page; only names of files and ports differ. */
async function startProxy(hub: string) {
  const nginx = programOf('nginx', 'nginx-light');
  const folder = temporaryFolder();
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '1',
    '-keyout',
    key,
    '-out',
    certificate,
    ...names,
  ]);
  const port = await freePort();
  const server = blockOf('deployment.md', 'agora.conf')
    .replaceAll('127.0.0.1:3000', new URL(hub).host)
    .replace('listen 443', `listen 127.0.0.1:${port}`)
    .replace('/etc/ssl/hub.example.crt', certificate)
    .replace('/etc/ssl/hub.example.key', key);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${folder}/${name};`,
  );
  const config = `daemon off; pid ${folder}/pid; error_log ${folder}/errors; events {}\nhttp { access_log off; ${paths.join(' ')}\n${server}}\n`;
  writeFileSync(join(folder, 'nginx.conf'), config);
  await run(nginx, ['-t', '-p', folder, '-c', join(folder, 'nginx.conf')]);
  const child = spawn(nginx, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'inherit' });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await once(child, 'close');
  });
  return { url: `https://127.0.0.1:${port}`, certificate };
}

test.runIf(process.platform === 'linux')(
  'nginx: agents talk through TLS, and publishing stays inside',
  { timeout: 60_000 },
  async () => {
    await using hub = await startTestHub();
    const { url, certificate } = await startProxy(hub.url);
    using shell = new Shell({ server: url, database: hub.database });
    const lines = `
export NODE_EXTRA_CA_CERTS='${certificate}'
ask() { curl -sS -o /dev/null -w '%{http_code} ' --retry 10 --retry-connrefused --cacert '${certificate}' "$@"; }
ask ${url}/health
ask -X PUT ${url}/v1/database/other
ask -X POST ${url}/v1/database
ask ${url}/metrics
ask -X POST ${url}/host/backup
agora register Echo > /dev/null
agora listen --as Echo -- cat > /dev/null &
agora ask Echo 'through TLS'
kill $!
`;
    const { out, err } = await shell.bash(lines);
    expect(out, err).toMatch(/^200 403 403 403 403 [^]*through TLS/);
  },
);

test('every metric of the alerts exists, or comes from Prometheus', async () => {
  await using hub = await startTestHub();
  const Alerts = z.object({
    groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
  });
  const { groups } = Alerts.parse(parse(blockOf('operators.md', 'alerts.yaml')));
  const text = await (await fetch(`${hub.url}/metrics`)).text();
  const known = new Set(['up', ...[...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name)]);
  const used = groups.flatMap(({ rules }) =>
    rules.flatMap(({ expr }) => expr.match(/\b(agora_|process_|nodejs_)\w+|^up\b/g) ?? []),
  );
  expect(used.length).toBeGreaterThan(8);
  expect(used.filter(name => !known.has(name))).toEqual([]);
});

test.runIf(process.platform === 'linux')('the unit is what systemd understands', async () => {
  const folder = temporaryFolder();
  const unit = blockOf('deployment.md', 'agora.service');
  writeFileSync(
    join(folder, 'agora.service'),
    unit.replace('/usr/bin/node', process.execPath).replace('User=agora', 'User=root'),
  );
  const { stderr } = await run(programOf('systemd-analyze', 'systemd'), ['verify', join(folder, 'agora.service')]);
  expect(stderr).not.toMatch(/agora\.service/);
});

test('the unit and the container start a file that the package has, with flags that it knows', async () => {
  const Manifest = z.object({ publishConfig: z.object({ bin: z.object({ agora: z.string() }) }) });
  const { publishConfig } = Manifest.parse(JSON.parse(readFileSync(join(ROOT, 'cli/package.json'), 'utf8')));
  const main = `node_modules/@agora/cli/${publishConfig.bin.agora.replace('./', '')}`;
  const container = blockOf('deployment.md', 'Containerfile');
  expect(blockOf('deployment.md', 'agora.service')).toContain(main);
  expect(container).toContain(main);
  using shell = new Shell();
  const { out } = await shell.run('up', '--help');
  const flags = container.match(/"--[a-z-]+"/g) ?? [];
  expect(flags.length).toBeGreaterThan(0);
  for (const flag of flags) expect(out).toContain(JSON.parse(flag));
});

test('the Caddyfile refuses what nginx refuses', () => {
  const caddy = blockOf('deployment.md', 'Caddyfile');
  const refused = blockOf('deployment.md', 'agora.conf').match(/location [= ]*\S+ \{ deny all/g) ?? [];
  for (const path of refused.map(text => /\/\S+/.exec(text)?.[0] ?? '')) expect(caddy).toContain(path);
  expect(caddy).toContain('method PUT DELETE');
});
