// The real coding agents: installed from npm into a folder, each with a home of its own in which Agora is installed as users do it.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const AGORA = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url));
/** The versions that the checks were written with. */
export const VERSIONS = { claude: '2.1.332', codex: '0.171.0' } as const;
const PACKAGES = { claude: '@anthropic-ai/claude-code', codex: '@openai/codex' } as const;
/** The end of a program that hangs. */
const KILL_AFTER_MS = 180_000;
const LOOK_EVERY_MS = 100;

/** A coding agent. */
export type ProgramName = keyof typeof VERSIONS;

/** The names of their agents on the hub. */
export const AGENTS: Readonly<Record<ProgramName, string>> = { claude: 'ClaudeCode', codex: 'Codex' };

/** A running program. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** Installs both programs, unless the folder has them already: about 800 MB. */
export async function installPrograms(folder: string, note: (line: string) => void): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const names = Object.keys(PACKAGES) as ProgramName[];
  const isThere = (name: ProgramName) => {
    const manifest = join(folder, 'node_modules', PACKAGES[name], 'package.json');
    return existsSync(manifest) && readFileSync(manifest, 'utf8').includes(`"version": "${VERSIONS[name]}"`);
  };
  if (!names.every(isThere)) {
    const wanted = names.map(name => `${PACKAGES[name]}@${VERSIONS[name]}`);
    note(`Installing ${wanted.join(' and ')} …`);
    if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...wanted], { cwd: folder });
  }
  // npm runs no scripts of packages here: this one puts the program for this machine in its place.
  await run(process.execPath, ['install.cjs'], { cwd: join(folder, 'node_modules', PACKAGES.claude) });
}

async function run(program: string, words: readonly string[], options: { cwd: string; env?: NodeJS.ProcessEnv }) {
  const child = spawn(program, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (printed += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`"${program} ${words.join(' ')}" ended with ${code}: ${printed.slice(-2_000)}`);
  return printed;
}

/** The places and addresses of a check. */
export interface Setting {
  /** Where the programs are installed. */
  readonly kit: string;
  /** An empty folder for homes and projects. */
  readonly folder: string;
  readonly hub: string;
  /** Addresses of the stand-ins for the models. */
  readonly models: Readonly<Record<ProgramName, string>>;
}

/** Both programs, with their homes. */
export class Programs implements AsyncDisposable {
  readonly #setting: Setting;
  readonly #children = new Set<ChildProcess>();

  private constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** Makes the homes, and runs `agora mcp install` for each program. */
  static async prepare(setting: Setting): Promise<Programs> {
    const programs = new Programs(setting);
    const { models, hub } = setting;
    for (const folder of ['home', 'home/.codex', 'project', 'agora']) mkdirSync(programs.#path(folder));
    const projects = { [programs.#path('project')]: { hasTrustDialogAccepted: true } };
    const known = {
      hasCompletedOnboarding: true,
      customApiKeyResponses: { approved: ['none'], rejected: [] },
      projects,
    };
    writeFileSync(programs.#path('home/.claude.json'), JSON.stringify(known));
    const provider = `name = "stand-in"\nbase_url = "${models.codex}/v1"\nwire_api = "responses"`;
    const trust = `[projects."${programs.#path('project')}"]\ntrust_level = "trusted"`;
    const config = `model = "stand-in"\nmodel_provider = "fake"\n\n[model_providers.fake]\n${provider}\n\n${trust}\n`;
    writeFileSync(programs.#path('home/.codex/config.toml'), config);
    for (const name of Object.keys(AGENTS) as ProgramName[]) {
      const words = [AGORA, '--server', hub, '--as', AGENTS[name], 'mcp', 'install', name];
      await run(process.execPath, words, { cwd: programs.#path('project'), env: programs.#environment() });
    }
    return programs;
  }

  /** Runs a program to its end, with its output. */
  start(name: ProgramName, words: readonly string[]): Running {
    return this.#spawn(this.#program(name), words, 'ignore');
  }

  /** Runs a program in a terminal, which answers what programs ask of terminals. */
  startInTerminal(name: ProgramName, words: readonly string[]): Running {
    const line = [this.#program(name), ...words].map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const command = `stty rows 40 cols 120; exec ${line}`;
    const running = this.#spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], 'pipe');
    const { stdin, stdout } = running.child;
    stdin?.on('error', () => undefined);
    stdout?.on('data', chunk => {
      for (const [question, answer] of TERMINAL_ANSWERS) if (String(chunk).includes(question)) stdin?.write(answer);
    });
    return running;
  }

  /** Waits until a session in a terminal has ended its turn and its hooks: Claude Code has its waker then, Codex an entry in its log. */
  async untilIdle(name: ProgramName): Promise<void> {
    const folder = this.#path(name === 'claude' ? 'agora/mcp/announced' : 'home/.codex/sessions');
    const isIdle = (path: string) =>
      name === 'claude' ? path.endsWith('.waker') : readFileSync(path, 'utf8').includes('"task_complete"');
    for (;;) {
      const files = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
      if (files.some(file => file.isFile() && isIdle(join(file.parentPath, file.name)))) return;
      await pause(LOOK_EVERY_MS);
    }
  }

  /** Ends everything that the check has started, also what the programs left running. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ends = [...this.#children].map(child => once(child, 'close'));
    for (const child of this.#children) child.kill('SIGKILL');
    for (const pid of this.#left()) process.kill(pid, 'SIGKILL');
    await Promise.all(ends);
  }

  /** Processes with the home of this check. */
  #left(): number[] {
    const own = `HOME=${this.#path('home')}\0`;
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number)
      .filter(pid => {
        try {
          return `${readFileSync(`/proc/${pid}/environ`, 'utf8')}\0`.includes(own);
        } catch {
          return false; // It has ended, or belongs to another user.
        }
      });
  }

  #spawn(program: string, words: readonly string[], stdin: 'ignore' | 'pipe'): Running {
    const options = { cwd: this.#path('project'), env: this.#environment() };
    const child = spawn(program, words, { ...options, stdio: [stdin, 'pipe', 'pipe'] });
    this.#children.add(child);
    const late = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (output += String(chunk)));
    const ended = once(child, 'close').then(([code]) => {
      clearTimeout(late);
      this.#children.delete(child);
      return { code: code as number | null, output }; // the first argument of 'close'
    });
    return { child, ended };
  }

  #program(name: ProgramName): string {
    return join(this.#setting.kit, 'node_modules/.bin', name);
  }

  #path(name: string): string {
    return join(this.#setting.folder, name);
  }

  #environment(): NodeJS.ProcessEnv {
    const { kit, models } = this.#setting;
    return {
      PATH: [join(kit, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
      HOME: this.#path('home'),
      CODEX_HOME: this.#path('home/.codex'),
      AGORA_HOME: this.#path('agora'),
      AGORA_MCP_WAKE: 'codex',
      ANTHROPIC_BASE_URL: models.claude,
      ANTHROPIC_API_KEY: 'none',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_TELEMETRY: '1',
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
    };
  }
}

/** Questions to a terminal, and what xterm answers: the place of the cursor, two colours, its kind. */
const TERMINAL_ANSWERS = [
  ['\u001b[6n', '\u001b[1;1R'],
  ['\u001b]10;?', '\u001b]10;rgb:ffff/ffff/ffff\u001b\\'],
  ['\u001b]11;?', '\u001b]11;rgb:0000/0000/0000\u001b\\'],
  ['\u001b[c', '\u001b[?62;c'],
] as const;
