// Runs a program for a message: its input and environment, and how its end settles the message.

import { PermanentError, type IncomingMessage, type Task } from '@agora/client';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { toJson } from '../../base/output.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { describeMessage } from '../../command/message-text.ts';
import { payloadOf } from '../../command/payload.ts';
import { runChild, type ChildEnd, type ChildCommand } from './run-child.ts';

/** The exit code that asks for another attempt: EX_TEMPFAIL of sysexits.h. */
const TRY_AGAIN = 75;

/** The result of one run. */
export interface ProgramResult {
  readonly outcome: 'done' | 'failed' | 'again' | 'lost';
  readonly exitCode: number | undefined;
  readonly reason: string | undefined;
  /** Returns the answer, or throws the error that fails the message. */
  readonly settle: () => unknown;
}

/** Options of all runs. */
export interface RunOptions {
  readonly command: ChildCommand;
  readonly timeoutMs: number;
  /** Aborted when running programs must end. */
  readonly stopped: AbortSignal;
  readonly agent: string;
}

/** Runs the program for a message. Throws `cli/no-program` if it cannot be started. */
export async function runProgram(
  context: CommandContext,
  message: IncomingMessage,
  task: Task | undefined,
  { command, timeoutMs, stopped, agent }: RunOptions,
): Promise<ProgramResult> {
  const { io } = context;
  const end = await runChild({
    command,
    cwd: io.cwd,
    environment: { ...io.environment, ...variables(context, message, task, agent) },
    input: `${toJson(describeMessage(message))}\n`,
    timeoutMs,
    signal: AbortSignal.any([stopped, message.signal]),
    onProgress: line => void message.progress(payloadOf(line)),
    onStderr: text => void io.stderr.write(text),
  });
  return resultOf(end, message, timeoutMs);
}

function variables(context: CommandContext, message: IncomingMessage, task: Task | undefined, agent: string) {
  const { server, database, token } = context.settings;
  return {
    AGORA_SERVER: server,
    AGORA_DATABASE: database,
    AGORA_AGENT: agent,
    ...(token !== undefined && { AGORA_TOKEN: token }),
    AGORA_MESSAGE_ID: message.id,
    AGORA_MESSAGE_TYPE: message.type,
    AGORA_MESSAGE_KIND: message.kind,
    AGORA_FROM: message.from,
    AGORA_PRIORITY: String(message.priority),
    AGORA_ATTEMPT: String(message.attempt),
    ...(task && { AGORA_WORKFLOW_ID: task.workflowId, AGORA_STEP: task.step, AGORA_ACTION: task.action }),
  };
}

function resultOf(end: ChildEnd, message: IncomingMessage, timeoutMs: number): ProgramResult {
  switch (end.kind) {
    case 'not-started':
      throw new CliError('cli/no-program', `The program cannot be started: ${end.reason}.`, EXIT.usage);
    case 'exited': {
      if (end.code === 0) return done(end.output);
      const reason = `it exited with ${end.code}${lastLine(end.stderr)}`;
      return end.code === TRY_AGAIN ? again(reason, end.code) : failed(reason, end.code);
    }
    case 'killed':
      if (!message.isOpen)
        return { outcome: 'lost', exitCode: undefined, reason: lostReason(message), settle: doNothing };
      switch (end.why) {
        case 'time':
          return again(`it did not end within ${timeoutMs / 1000} s`);
        case 'length':
          return failed('its answer is longer than 256 KiB');
        case 'stopped':
          return again('the process that ran it was stopped');
        case 'signal':
          return again(`it was killed${lastLine(end.stderr)}`);
      }
  }
}

function done(output: string): ProgramResult {
  const answer = output.trim() === '' ? undefined : payloadOf(output);
  return { outcome: 'done', exitCode: 0, reason: undefined, settle: () => answer };
}

function again(reason: string, exitCode?: number): ProgramResult {
  const settle = () => {
    throw new Error(reason);
  };
  return { outcome: 'again', exitCode, reason, settle };
}

function failed(reason: string, exitCode?: number): ProgramResult {
  const settle = () => {
    throw new PermanentError(reason);
  };
  return { outcome: 'failed', exitCode, reason, settle };
}

function doNothing(): undefined {
  return undefined;
}

function lostReason(message: IncomingMessage): string {
  const reason: unknown = message.signal.reason;
  return reason instanceof Error ? reason.message : 'it was taken back';
}

/** The last line of standard error, as the end of a sentence. */
function lastLine(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
}
