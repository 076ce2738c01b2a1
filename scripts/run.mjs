// Entry point of the repository: `node scripts/run.mjs <command> [flags]`. Installs missing packages, builds changed ones, then
// runs the command on a current Node.js. A command of `agora` needs and installs a part of the packages only. Plain JavaScript with Node's built-in modules only: it runs before anything is
// installed, also on Node 20.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
/** The folder of pnpm, apart from the packages that it installs, so that a machine needs npm only. */
const toolsFolder = join(modules, '.tools');
const stampFile = join(toolsFolder, 'installed');
const agoraStampFile = join(toolsFolder, 'installed-agora');
const logFile = join(toolsFolder, 'install.log');
const windows = process.platform === 'win32';

/** The oldest Node.js for this file, and the oldest that runs TypeScript files directly. */
const MIN_NODE_TO_BEGIN = 20;
const MIN_NODE_TO_RUN = 24;

const TURBO = ['node_modules/turbo/bin/turbo', 'run', '--output-logs=new-only', '--log-order=grouped'];

/** The program of each command, run after install and build; flags are passed on. */
const COMMANDS = {
  start: ['cli/src/main.ts', 'up'],
  agora: ['cli/src/main.ts'],
  demo: ['demo/src/main.ts'],
  backup: ['cli/src/main.ts', 'backup'],
  restore: ['cli/src/main.ts', 'restore'],
  bench: ['bench/src/main.ts'],
  soak: ['soak/src/main.ts'],
  'pack:all': ['scripts/src/pack/pack-all.ts'],
  'browser-size': ['scripts/src/pack/browser-size.ts'],
  api: ['scripts/src/api/main.ts'],
  docs: ['scripts/src/docs/main.ts'],
  pictures: ['tests/src/dashboard/pictures.ts'],
  'check:agents': ['tests/src/agents/main.ts'],
  words: ['scripts/src/words/main.ts'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  types: [...TURBO, 'types'],
  lint: [...TURBO, 'lint', 'lint:root'],
  check: [...TURBO, 'format:check', 'lint', 'lint:root', 'types', 'words:run', 'test:run'],
  prepare: undefined,
};

/** The commands that run the command line of Agora. */
const AGORA_COMMANDS = new Set(['start', 'agora', 'backup', 'restore']);

/** The packages whose build those commands need, with the sources and the output of the build. */
const AGORA_BUILDS = [
  { folder: 'module', sources: ['module/src', 'codegen/src/bundle'], output: 'module/dist/bundle.js' },
  { folder: 'bindings', sources: ['bindings/src'], output: 'bindings/dist/index.js' },
  {
    folder: 'dashboard',
    sources: ['dashboard/src', 'dashboard/vite.config.ts', 'module/src/contract', 'bindings/src'],
    output: 'dashboard/dist/index.html',
  },
];

/**
 * The environment of every child: our tools first on the path, a compile cache (a hub starts in half the time), and no
 * telemetry of turbo.
 */
const environment = {
  ...process.env,
  // A hub of this checkout keeps its data beside the README, unless the variable is set.
  AGORA_DATA_DIR: process.env.AGORA_DATA_DIR || join(root, '.agora'),
  PATH: [join(modules, '.bin'), join(toolsFolder, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(modules, '.cache', 'node'),
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  DO_NOT_TRACK: '1',
};

/** An error for the user: one sentence, without a stack trace. */
class UserError extends Error {}

/** A line on standard error, with the time so far: rewritten in place on a terminal, else printed once. */
class Progress {
  #title;
  #detail = '';
  #startedAt = Date.now();
  #timer;

  constructor(title) {
    this.#title = title;
    if (!process.stderr.isTTY) console.error(`${title} …`);
    else this.#timer = setInterval(() => this.#draw(), 500);
  }

  show(detail) {
    this.#detail = detail;
    this.#draw();
  }

  end() {
    clearInterval(this.#timer);
    if (this.#timer) process.stderr.write('\r\x1b[K');
  }

  #draw() {
    if (!this.#timer) return;
    const seconds = Math.round((Date.now() - this.#startedAt) / 1000);
    const line = `${this.#title} … ${seconds} s  ${this.#detail}`;
    process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
  }
}

await main(process.argv[2], process.argv.slice(3)).catch(error => {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
});

async function main(command, flags) {
  if (major(process.versions.node) < MIN_NODE_TO_BEGIN)
    throw new UserError(`Agora needs Node.js ${MIN_NODE_TO_BEGIN} or newer; this is ${process.versions.node}.`);
  if (!Object.hasOwn(COMMANDS, command ?? ''))
    throw new UserError(`Unknown command "${command ?? ''}"; there are: ${Object.keys(COMMANDS).join(', ')}.`);
  const isAgora = AGORA_COMMANDS.has(command);
  await install(isAgora);
  await (isAgora ? buildAgora() : build());
  const script = COMMANDS[command];
  if (script) await become(currentNode(), [join(root, script[0]), ...script.slice(1), ...flags]);
}

/** Installs the workspace, or what the command line of Agora needs of it, unless it matches the lockfile already. */
async function install(isAgora) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const pnpm = `pnpm@${manifest.devEngines.packageManager.version}`;
  const wanted = createHash('sha256')
    .update(pnpm)
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex');
  const has = (file, name) =>
    existsSync(file) && readFileSync(file, 'utf8') === wanted && existsSync(join(modules, name));
  if (has(stampFile, 'turbo') || (isAgora && has(agoraStampFile, 'node'))) return;
  // Packages that were installed for development stay complete.
  const isPart = isAgora && !existsSync(stampFile);

  const progress = new Progress('Installing what is missing');
  try {
    makeFolder(toolsFolder);
    const quiet = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
    const retries = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
    progress.show('pnpm');
    await installStep('npm', ['install', '--prefix', toolsFolder, ...quiet, ...retries, pnpm]);
    progress.show('packages');
    // The lockfile is of this repository, and has the hash of each package. Its check against policies reads 100 MB of the registry;
    // the complete install does it.
    const part = isPart ? ['--prod', '--filter', 'agora...', '--trust-lockfile'] : [];
    await installStep('pnpm', ['install', '--frozen-lockfile', '--reporter=append-only', ...part], text => {
      // Progress: resolved 310, reused 12, downloaded 200, added 212
      const [counts] = text.match(/resolved \d+, reused \d+, downloaded \d+, added \d+/g)?.slice(-1) ?? [];
      if (counts) progress.show(`packages: ${counts}`);
    });
  } finally {
    progress.end();
  }
  if (isPart) removeWhatRunsNothing();
  writeFileSync(isPart ? agoraStampFile : stampFile, wanted);
}

/** Removes what only the development needs of the tools: pnpm, and the C headers of Node.js. */
function removeWhatRunsNothing() {
  const remove = (...path) => rmSync(join(...path), { recursive: true, force: true });
  remove(toolsFolder, 'node_modules');
  const binaries = join(modules, 'node', 'node_modules');
  if (!existsSync(binaries)) return;
  for (const entry of readdirSync(binaries, { withFileTypes: true })) {
    if (entry.isDirectory()) for (const part of ['include', 'share']) remove(binaries, entry.name, part);
  }
}

async function installStep(program, args, onOutput) {
  const { code, output } = await capture(program, args, onOutput);
  if (code === 0) return;
  writeFileSync(logFile, output);
  const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|dns error/i;
  const cause = unreachable.test(output)
    ? 'the npm registry could not be reached; try again when the network is there'
    : `"${program} ${args[0]}" ended with ${code}${firstError(output)}`;
  throw new UserError(`Installing the dependencies failed: ${cause} (details in ${logFile}).`);
}

/** Returns the first error line of a package manager. */
function firstError(output) {
  const line = output.split('\n').find(text => /\berr(or)?\b|ERR_/i.test(text));
  return line ? `, "${line.trim()}"` : '';
}

/** Builds the packages that changed since the last build; prints only errors. */
async function build() {
  const turbo = await capture('turbo', ['run', 'build', '--output-logs=errors-only', '--ui=stream']);
  if (turbo.code === 0) return;
  // Without a turbo binary for this machine, all packages are built, in the same order.
  const isMissing = (await capture('turbo', ['--version'])).code !== 0;
  const { code, output } = isMissing ? await capture('pnpm', ['--recursive', 'run', 'build']) : turbo;
  if (code === 0) return;
  console.error(output.trim());
  throw new UserError('The build failed; its output is above.');
}

/** Builds what the command line of Agora needs and has changed: without turbo, which is not installed for it. */
async function buildAgora() {
  for (const { folder, sources, output } of AGORA_BUILDS) {
    const script = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).scripts.build;
    const stamp = join(modules, '.cache', `agora-build-${folder}`);
    const wanted = hashOf([script], sources);
    const built = join(root, output);
    // The hash of the output differs if another build has replaced it.
    const isBuilt = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === `${wanted} ${hashOf([], [output])}`;
    if (existsSync(built) && isBuilt()) continue;
    const progress = new Progress(`Building ${folder}`);
    const { code, output: printed } = await capture(script, [], () => undefined, {
      cwd: join(root, folder),
      shell: true,
    });
    progress.end();
    if (code !== 0) {
      console.error(printed.trim());
      throw new UserError('The build failed; its output is above.');
    }
    makeFolder(dirname(stamp));
    writeFileSync(stamp, `${wanted} ${hashOf([], [output])}`);
  }
}

/** Returns a hash of texts, and of the names and contents of all files at these paths. */
function hashOf(texts, paths) {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text);
  for (const path of paths) {
    for (const file of filesAt(path).sort()) hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function filesAt(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap(name => filesAt(join(path, name)));
}

/** Returns the Node.js to run on: this one if it is current, otherwise the installed one. */
function currentNode() {
  if (major(process.versions.node) >= MIN_NODE_TO_RUN) return process.execPath;
  const installed = join(modules, 'node', 'bin', windows ? 'node.exe' : 'node');
  if (existsSync(installed)) return installed;
  throw new UserError(
    `No Node.js ${MIN_NODE_TO_RUN} could be installed for this machine; please install it and try again.`,
  );
}

/** Runs a program with this process's output and signals, and exits as it does. */
async function become(program, args) {
  const child = spawn(program, args, { stdio: 'inherit', env: environment });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child too.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  const [code, signal] = await ended(child);
  process.exit(code ?? 128 + (constants.signals[signal] ?? 1));
}

/** Runs a program to its end and returns its exit code and output. */
async function capture(program, args, onOutput, options) {
  const child = spawn(program, args, {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: windows,
    ...options,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text;
      onOutput?.(text);
    });
  }
  try {
    const [code, signal] = await ended(child);
    return { code: code ?? signal, output };
  } catch (error) {
    return { code: error.code, output: `${program}: ${error.message}` };
  }
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve([code, signal]));
  });
}

function makeFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UserError(`The folder ${folder} cannot be written (${error.code}).`);
  }
}

function major(version) {
  return Number(version.split('.')[0]);
}
