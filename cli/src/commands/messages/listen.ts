// `agora listen`: receives the messages of an agent, and shows them or runs a program for each.

import { taskOf, type AgoraClient, type IncomingMessage, type Task } from '@agora/client';
import { LIMITS } from '@agora/module/contract';
import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { duration, wholeNumber } from '../../base/flag-schemas.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';
import { describeMessage, showMessage, wantsResult } from '../../command/message-text.ts';
import { agentNameOf, serveAs } from '../../command/serve-as.ts';
import { checkProgram } from './find-program.ts';
import { ListenSession, type SessionEnd } from './listen-session.ts';
import { describeNotice, showNotice } from './notices.ts';
import { OpenMessages } from './open-messages.ts';
import type { ChildCommand } from './run-child.ts';
import { runProgram } from './run-program.ts';
import { priority } from './send-flags.ts';
import { SettleLines } from './settle-lines.ts';

/** Messages that are shown and not acknowledged stay offered. */
const MAX_HELD = LIMITS.maxCredit;
/** The longest delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const input = z.object({
  command: z.array(z.string()).default([]),
  exec: z.string().min(1, 'a line for the shell').optional(),
  type: z.array(z.string()).optional(),
  from: z.array(z.string()).optional(),
  priority: z.array(priority).optional(),
  task: z.array(z.string()).optional(),
  ack: z.boolean().default(false),
  settle: z.boolean().default(false),
  concurrency: wholeNumber(1, MAX_HELD),
  timeout: duration,
  grace: duration,
  limit: wholeNumber(1, 1_000_000).optional(),
  for: duration.optional(),
  agentType: z.string().optional(),
  capability: z.array(z.string()).optional(),
  force: z.boolean().default(false),
});
type Input = z.infer<typeof input>;

/** Handles one message, and returns the function that settles it. */
type Handle = (message: IncomingMessage, task: Task | undefined) => Promise<() => unknown>;

export default defineCommand({
  input,
  async run(context, given) {
    const name = agentNameOf(context);
    const program = programOf(given);
    if (program && 'words' in program) checkProgram(program.words[0] ?? '', context.io);
    const client = await context.connect(name, { handlerTimeoutMs: MAX_TIMER_MS });
    const { limit, for: forMs, grace: graceMs } = given;
    const session = new ListenSession({ limit, forMs, graceMs, signal: context.signal });
    const failure = watchClient(context, client, session, program === undefined);
    const open = new OpenMessages(client, limit === undefined ? LIMITS.defaultCredit : 1);
    const handle = handling(context, given, program, session, open);
    await subscribe(client, given, handle, session, failure.fail);
    const { agentType, capability: capabilities, force } = given;
    await serveAs(client, { agentType, capabilities, credit: creditFor(given, program), force });
    context.output.note(`Listening as ${name}; Ctrl-C stops.`);
    const why = await session.run(client);
    await open.hold(context);
    await client.close({ drainMs: 0 });
    failure.throwIfAny();
    context.exit = exitFor(why, session, limit);
  },
});

function programOf({ exec, command, ack, settle }: Input): ChildCommand | undefined {
  const isRun = exec !== undefined || command.length > 0;
  if ([exec !== undefined, command.length > 0, ack, settle].filter(Boolean).length > 1) {
    throw new CliError('cli/usage', 'Give only one of --ack, --settle, --exec and a command after `--`.', EXIT.usage);
  }
  if (!isRun) return undefined;
  return exec === undefined ? { words: command } : { shell: exec };
}

/** The credit: as many messages as can start, so that waiting ones stay free for other agents and lose no attempt. */
function creditFor({ ack, settle, concurrency, limit }: Input, program: ChildCommand | undefined): number {
  if (program || settle) return limit === undefined ? concurrency : Math.min(concurrency, limit);
  if (ack) return limit === undefined ? 0 : 1;
  return Math.min(limit ?? MAX_HELD, MAX_HELD);
}

async function subscribe(
  client: AgoraClient,
  { type, from, priority: priorities, task, concurrency, settle, exec, command }: Input,
  handle: Handle,
  session: ListenSession,
  fail: (error: unknown) => void,
): Promise<void> {
  // Questions and steps that are shown stay open while further messages are shown.
  const isShown = exec === undefined && command.length === 0 && !settle;
  const options = { concurrency: isShown ? MAX_HELD : concurrency };
  const handler = (message: IncomingMessage, given?: Task) =>
    session.handle(() =>
      handle(message, given ?? taskOf(message)).catch((error: unknown) => {
        fail(error);
        session.end('asked');
        return () => {
          throw error;
        };
      }),
    );
  // The context of a task handler is the message that assigns the task.
  if (task) client.onTask(task, (assigned, context) => handler(context as IncomingMessage, assigned), options);
  const hasFilter = type !== undefined || from !== undefined || priorities !== undefined;
  if (task && !hasFilter) return;
  const wanted = {
    handler: (message: IncomingMessage) => handler(message),
    filters: { fromAgents: from, priority: priorities },
    ...options,
  };
  await (type ? client.subscribeToMessages(type, wanted) : client.subscribeToMessages(wanted));
}

function handling(
  context: CommandContext,
  given: Input,
  program: ChildCommand | undefined,
  session: ListenSession,
  open: OpenMessages,
): Handle {
  const { output } = context;
  const show = (message: IncomingMessage) => output.data(describeMessage(message), () => showMessage(output, message));
  if (program) {
    const options = {
      command: program,
      timeoutMs: given.timeout,
      stopped: session.stopped,
      agent: agentNameOf(context),
    };
    return async (message, task) => {
      const startedAt = performance.now();
      const { outcome, exitCode, reason, settle } = await runProgram(context, message, task, options);
      const ms = Math.round(performance.now() - startedAt);
      const { id, type, from, kind, attempt } = message;
      await output.data({ id, type, from, kind, attempt, outcome, exitCode, reason, ms }, () => {
        const mark = outcome === 'done' ? output.paint('green', '✓') : output.paint('red', '✗');
        return `${mark} ${type} from ${from}: ${outcome} (${ms} ms)${reason === undefined ? '' : `, ${reason}`}`;
      });
      return settle;
    };
  }
  if (given.settle) {
    const lines = new SettleLines(context);
    // The end of standard input ends the session.
    lines.read().then(
      () => session.end('asked'),
      () => session.end('asked'),
    );
    return async message => {
      const settled = lines.of(message, session.stopped);
      await show(message);
      return settled;
    };
  }
  if (given.ack) {
    let shown = Promise.resolve();
    return async message => {
      // One after the other: a message that could not be shown ends the session before the next one is.
      shown = shown.then(() => show(message));
      await shown;
      if (!wantsResult(message)) return () => undefined;
      await open.add(message);
      output.note(`It stays open until \`agora answer ${message.id} …\`, \`done\`, \`fail\` or \`give-back\`.`);
      return () => new Promise(() => undefined);
    };
  }
  output.note('Messages are not acknowledged, so they are delivered again; use --ack to take them.');
  return async message => {
    await show(message);
    // Never settled: the hub takes the message back when the session ends.
    return () => new Promise(() => undefined);
  };
}

/** Prints notices and connection states, and ends the session when the connection is lost permanently. */
function watchClient(context: CommandContext, client: AgoraClient, session: ListenSession, isData: boolean) {
  const { output } = context;
  let failure: { readonly error: unknown } | undefined;
  let isLost = false;
  const fail = (error: unknown) => (failure ??= { error });
  client.on('connection', ({ state, error }) => {
    if (state === 'reconnecting') output.note('The connection was lost; reconnecting …');
    else if (state === 'connected' && isLost) output.note('Connected again.');
    isLost = state === 'reconnecting';
    if (state !== 'closed' || !error) return;
    fail(error);
    session.end('asked');
  });
  client.on('notice', notice => {
    if (isData) void output.data(describeNotice(notice), () => showNotice(notice));
    else output.note(showNotice(notice));
  });
  const throwIfAny = () => {
    if (failure) throw failure.error;
  };
  return { fail, throwIfAny };
}

function exitFor(why: SessionEnd, session: ListenSession, limit: number | undefined) {
  if (why === 'signal') return EXIT.interrupted;
  return why === 'time' && limit !== undefined && session.finished < limit ? EXIT.timeout : EXIT.ok;
}
