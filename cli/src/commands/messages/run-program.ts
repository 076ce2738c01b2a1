// A message in the hands of a program: what it is told, and what its end means.

import { PermanentError, type IncomingMessage, type Task } from '@agora/client';
import { runChild, type ChildEnd, type ChildCommand } from './child-process.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { describeMessage } from '../../command/message-text.ts';
import { payloadOf } from '../../command/payload.ts';
import { toJson } from '../../base/output.ts';

/** What a program exits with that asks for another try: EX_TEMPFAIL of sysexits.h. */
const TRY_AGAIN = 75;

/** What became of a message. */
export interface ProgramResult {
  readonly outcome: 'done' | 'failed' | 'again' | 'lost';
  readonly exitCode: number | undefined;
  readonly reason: string | undefined;
  /** Returns the answer, or throws what fails the message. */
  readonly settle: () => unknown;
}

/** How programs are run. */
export interface RunOptions {
  readonly program: ChildCommand;
  readonly timeoutMs: number;
  /** Aborted when no program may go on. */
  readonly stopped: AbortSignal;
  readonly agent: string;
}

/** Runs the program on a message. Throws `cli/no-program` where there is none. */
export async function runProgram(
  context: CommandContext,
  message: IncomingMessage,
  task: Task | undefined,
  { program, timeoutMs, stopped, agent }: RunOptions,
): Promise<ProgramResult> {
  const { io } = context;
  const end = await runChild({
    program,
    cwd: io.cwd,
    environment: { ...io.environment, ...variables(context, message, task, agent) },
    input: `${toJson(describeMessage(message, task))}\n`,
    timeoutMs,
    signal: AbortSignal.any([stopped, message.signal]),
    progress: line => void message.progress(payloadOf(line)),
    onStderr: text => void io.stderr.write(text),
  });
  return judge(end, message, timeoutMs);
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

function judge(end: ChildEnd, message: IncomingMessage, timeoutMs: number): ProgramResult {
  switch (end.kind) {
    case 'not-started':
      throw new CliError('cli/no-program', `The program cannot be run: ${end.reason}.`, EXIT.usage);
    case 'exited': {
      if (end.code === 0) return done(end.output);
      const reason = `it exited with ${end.code}${lastLine(end.stderr)}`;
      return end.code === TRY_AGAIN ? again(reason, end.code) : failed(reason, end.code);
    }
    case 'killed':
      if (!message.isOpen)
        return { outcome: 'lost', exitCode: undefined, reason: lostReason(message), settle: nothing };
      switch (end.why) {
        case 'time':
          return again(`it did not end within ${timeoutMs / 1000} s`);
        case 'length':
          return failed('its answer is longer than 256 KiB');
        case 'stopped':
          return again('whoever ran it was stopped');
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

function nothing(): undefined {
  return undefined;
}

function lostReason(message: IncomingMessage): string {
  const reason: unknown = message.signal.reason;
  return reason instanceof Error ? reason.message : 'it was taken back';
}

function lastLine(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
}
