// Entry point of the repository: `node scripts/run.mjs <command> [flags]`. Installs missing packages, builds changed ones, then
// runs the command on a current Node.js. Plain JavaScript with Node's built-in modules only: it runs before anything is
// installed, also on Node 20.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
/** The folder of pnpm, apart from the packages that it installs, so that a machine needs npm only. */
const toolsFolder = join(modules, '.tools');
const stampFile = join(toolsFolder, 'installed');
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
  words: ['scripts/src/words/main.ts'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  types: [...TURBO, 'types'],
  lint: [...TURBO, 'lint', 'lint:root'],
  check: [...TURBO, 'format:check', 'lint', 'lint:root', 'types', 'words:run', 'test:run'],
  prepare: undefined,
};

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
  await install();
  await build();
  const script = COMMANDS[command];
  if (script) await become(currentNode(), [join(root, script[0]), ...script.slice(1), ...flags]);
}

/** Installs the workspace unless it matches the lockfile already. */
async function install() {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const pnpm = `pnpm@${manifest.devEngines.packageManager.version}`;
  const wanted = createHash('sha256')
    .update(pnpm)
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted && existsSync(join(modules, 'turbo'))) return;

  console.error('Installing what is missing …');
  makeFolder(toolsFolder);
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const retries = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  await installStep('npm', ['install', '--prefix', toolsFolder, ...quiet, ...retries, pnpm]);
  await installStep('pnpm', ['install', '--frozen-lockfile']);
  writeFileSync(stampFile, wanted);
}

async function installStep(program, args) {
  const { code, output } = await capture(program, args);
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
async function capture(program, args) {
  const child = spawn(program, args, {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: windows,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (output += text));
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
