// Runs a program as a child process that reads a message on standard input and prints its answer. The run ends with the program,
// also if a process that it leaves in the background still holds its output.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '@agora/module/contract';

/** What to run: a program with its arguments, or a line for the shell. */
export type ChildCommand = { readonly words: readonly string[] } | { readonly shell: string };

/** Options of one run. */
export interface ChildOptions {
  readonly command: ChildCommand;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: string;
  readonly timeoutMs: number;
  /** Ends the process early. */
  readonly signal: AbortSignal;
  /** Receives each line that the process writes to file descriptor 3. */
  readonly onProgress: (line: string) => void;
  /** Receives standard error as it arrives. */
  readonly onStderr: (text: string) => void;
}

/** Why this process ended a child. */
type KillReason = 'time' | 'length' | 'stopped';

/** How a run ended. `stderr` is the end of standard error. */
export type ChildEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly output: string; readonly stderr: string }
  /** `signal`: another process sent a signal. */
  | { readonly kind: 'killed'; readonly why: KillReason | 'signal'; readonly stderr: string }
  | { readonly kind: 'not-started'; readonly reason: string };

const MAX_STDERR_LENGTH = 1_000;
/** The time between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 2_000;
/** After the exit, output that was written before it is read until none arrives for this time, at most for the longer time. */
const QUIET_MS = 50;
const MAX_DRAIN_MS = 2_000;

/** Running children. They end with this process. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) kill(child, 'SIGKILL');
});

/** Runs a program to its end. Never rejects. */
export async function runChild(options: ChildOptions): Promise<ChildEnd> {
  const { command, cwd, environment, input, timeoutMs, signal } = options;
  const [file = '', words, shell] =
    'shell' in command ? [command.shell, [], true] : [command.words[0], command.words.slice(1), false];
  const child = spawn(file, words, {
    cwd,
    env: environment,
    shell,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    // A separate process group: Ctrl-C reaches only this process, which then ends the whole group.
    detached: true,
  });
  running.add(child);
  let why: KillReason | undefined;
  let killTimer: ReturnType<typeof setTimeout> | undefined;
  const end = (reason: KillReason) => {
    why ??= reason;
    kill(child, 'SIGTERM');
    killTimer ??= setTimeout(() => kill(child, 'SIGKILL'), KILL_AFTER_MS);
  };
  const stop = () => end('stopped');
  const timer = setTimeout(() => end('time'), timeoutMs);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    // The program may exit without reading its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > LIMITS.payloadBytes) end('length');
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-MAX_STDERR_LENGTH);
      options.onStderr(text);
    });
    const progress = child.stdio[3];
    if (progress instanceof Readable) createInterface(progress).on('line', options.onProgress);
    const closed = once(child, 'close');
    // A program that cannot be started rejects both.
    closed.catch(() => undefined);
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]; // its arguments
    // Members of its group that ignore SIGTERM.
    if (why) kill(child, 'SIGKILL');
    await drained(child, closed);
    if (why) return { kind: 'killed', why, stderr };
    if (code === null || killedBy) return { kind: 'killed', why: 'signal', stderr };
    return { kind: 'exited', code, output, stderr };
  } catch (error) {
    return { kind: 'not-started', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    clearTimeout(killTimer);
    signal.removeEventListener('abort', stop);
    running.delete(child);
  }
}

/** Waits for the rest of the output, then closes its streams, which a process in the background may hold open. */
async function drained(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  const streams = child.stdio.filter(each => each instanceof Readable);
  let reads = 0;
  const count = () => void reads++;
  for (const stream of streams) stream.on('data', count);
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  const end = performance.now() + MAX_DRAIN_MS;
  for (let before = -1; !isClosed && reads !== before && performance.now() < end;) {
    before = reads;
    await Promise.race([closed, pause(QUIET_MS)]);
    // After a blocked event loop the timer fires before the streams are read.
    await setImmediate();
  }
  for (const stream of streams) stream.destroy();
}

/** Signals the whole process group; a group that has ended is no error. */
function kill(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}
