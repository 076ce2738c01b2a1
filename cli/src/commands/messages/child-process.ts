// A program that handles a message: it reads the message on standard input, and what it prints is the answer.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

/** What is run: a program and its words, or a line for the shell. */
export type ChildCommand = { readonly words: readonly string[] } | { readonly shell: string };

/** One run of a program. */
export interface ChildOptions {
  readonly program: ChildCommand;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: string;
  readonly timeoutMs: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** A line that it wrote to its file descriptor 3. */
  readonly progress: (line: string) => void;
  /** What it writes to standard error, as it comes. */
  readonly onStderr: (text: string) => void;
}

/** How a program ended. */
export type ChildEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly output: string; readonly stderr: string }
  /** `signal`: somebody else ended it. */
  | { readonly kind: 'killed'; readonly why: 'time' | 'length' | 'stopped' | 'signal'; readonly stderr: string }
  | { readonly kind: 'not-started'; readonly reason: string };

/** What a hub takes as an answer. */
const MAX_OUTPUT_LENGTH = 256 * 1024;
const MAX_STDERR_LENGTH = 1_000;
/** Between asking a program to end and ending it. */
const KILL_AFTER_MS = 2_000;

/** Children that run: whatever ends this process ends them too. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) kill(child, 'SIGKILL');
});

/** Runs a program to its end. Never rejects. */
export async function runChild(options: ChildOptions): Promise<ChildEnd> {
  const { program, cwd, environment, input, timeoutMs, signal } = options;
  const [command = '', words, shell] =
    'shell' in program ? [program.shell, [], true] : [program.words[0], program.words.slice(1), false];
  const child = spawn(command, words, {
    cwd,
    env: environment,
    shell,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C is for us, who then end it, and all that it has started.
    detached: true,
  });
  running.add(child);
  let why: 'time' | 'length' | 'stopped' | undefined;
  let hard: ReturnType<typeof setTimeout> | undefined;
  const end = (reason: 'time' | 'length' | 'stopped') => {
    why ??= reason;
    kill(child, 'SIGTERM');
    hard ??= setTimeout(() => kill(child, 'SIGKILL'), KILL_AFTER_MS);
  };
  const stop = () => end('stopped');
  const timer = setTimeout(() => end('time'), timeoutMs);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const { stdin, stdout, stderr } = child;
    // Whoever does not read what it is told is free not to.
    stdin.on('error', () => undefined);
    stdin.end(input);
    let output = '';
    stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > MAX_OUTPUT_LENGTH) end('length');
    });
    let stderr = '';
    stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-MOST_COMPLAINT);
      options.onStderr(text);
    });
    const extra = child.stdio[3];
    if (extra instanceof Readable) createInterface(extra).on('line', options.progress);
    const [code, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]; // what it carries
    if (why) return { kind: 'killed', why, stderr };
    if (code === null || killedBy) return { kind: 'killed', why: 'signal', stderr };
    return { kind: 'exited', code, output, stderr };
  } catch (error) {
    return { kind: 'not-started', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    clearTimeout(hard);
    signal.removeEventListener('abort', stop);
    running.delete(child);
  }
}

/** The whole group; one that is gone needs nothing. */
function kill(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}
