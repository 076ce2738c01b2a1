// The door of the repository: `node scripts/run.mjs <command> [flags]`. Brings what is missing, builds what changed, then
// runs the command on a current Node.js. Plain JavaScript with Node's built-ins only: it runs before anything is installed,
// on Node 20 too.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
/** pnpm lives here, apart from the packages it installs, so that a machine needs npm only. */
const toolsFolder = join(modules, '.tools');
const stampFile = join(toolsFolder, 'installed');
const logFile = join(toolsFolder, 'install.log');
const windows = process.platform === 'win32';

/** The oldest Node.js that runs this file, and the oldest that runs TypeScript files as they are. */
const OLDEST_TO_BEGIN = 20;
const OLDEST_TO_RUN = 24;

const TURBO = ['node_modules/turbo/bin/turbo', 'run', '--output-logs=new-only', '--log-order=grouped'];

/** What each command runs once everything is installed and built; flags are passed on. */
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
  words: ['scripts/src/words/main.ts'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  types: [...TURBO, 'types'],
  lint: [...TURBO, 'lint', 'lint:root'],
  check: [...TURBO, 'format:check', 'lint', 'lint:root', 'types', 'words:run', 'test:run'],
  prepare: undefined,
};

/**
 * The environment of every child: our tools first on the path, compiled code kept from one start to the next (a hub starts
 * in half the time), and turbo keeping to itself.
 */
const environment = {
  ...process.env,
  // A hub that is run from here keeps its data beside the README, unless it is told otherwise.
  AGORA_DATA_DIR: process.env.AGORA_DATA_DIR || join(root, '.agora'),
  PATH: [join(modules, '.bin'), join(toolsFolder, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(modules, '.cache', 'node'),
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  DO_NOT_TRACK: '1',
};

/** Something a person can act on: told in one sentence, without a stack. */
class Refusal extends Error {}

await main(process.argv[2], process.argv.slice(3)).catch(error => {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 1;
});

async function main(command, flags) {
  if (major(process.versions.node) < OLDEST_TO_BEGIN)
    throw new Refusal(`Agora needs Node.js ${OLDEST_TO_BEGIN} or newer; this is ${process.versions.node}.`);
  if (!Object.hasOwn(COMMANDS, command ?? ''))
    throw new Refusal(`Unknown command "${command ?? ''}"; there are: ${Object.keys(COMMANDS).join(', ')}.`);
  await install();
  await build();
  const script = COMMANDS[command];
  if (script) await become(currentNode(), [join(root, script[0]), ...script.slice(1), ...flags]);
}

/** Installs the workspace unless it already is what the lockfile says. */
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
  const patience = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  await installStep('npm', ['install', '--prefix', toolsFolder, ...quiet, ...patience, pnpm]);
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
  throw new Refusal(`Installing the dependencies failed: ${cause} (details in ${logFile}).`);
}

/** The first line in which a package manager speaks of an error. */
function firstError(output) {
  const line = output.split('\n').find(text => /\berr(or)?\b|ERR_/i.test(text));
  return line ? `, "${line.trim()}"` : '';
}

/** Builds what changed since the last time; says nothing when that is nothing. */
async function build() {
  const turbo = await capture('turbo', ['run', 'build', '--output-logs=errors-only', '--ui=stream']);
  if (turbo.code === 0) return;
  // Where turbo has no binary for the machine, everything is built, in the same order.
  const isMissing = (await capture('turbo', ['--version'])).code !== 0;
  const { code, output } = isMissing ? await capture('pnpm', ['--recursive', 'run', 'build']) : turbo;
  if (code === 0) return;
  console.error(output.trim());
  throw new Refusal('The build failed; its output is above.');
}

/** The Node.js to run on: this one if it is current, otherwise the one that was installed. */
function currentNode() {
  if (major(process.versions.node) >= OLDEST_TO_RUN) return process.execPath;
  const installed = join(modules, 'node', 'bin', windows ? 'node.exe' : 'node');
  if (existsSync(installed)) return installed;
  throw new Refusal(
    `No Node.js ${OLDEST_TO_RUN} could be installed for this machine; please install it and try again.`,
  );
}

/** Runs a program in this one's place: its output, its signals and its end are ours. */
async function become(program, args) {
  const child = spawn(program, args, { stdio: 'inherit', env: environment });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      // A terminal has sent Ctrl-C to the child already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  const [code, signal] = await ended(child);
  process.exit(code ?? 128 + (constants.signals[signal] ?? 1));
}

/** Runs a program to its end and keeps what it says. */
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
    throw new Refusal(`The folder ${folder} cannot be written (${error.code}).`);
  }
}

function major(version) {
  return Number(version.split('.')[0]);
}
