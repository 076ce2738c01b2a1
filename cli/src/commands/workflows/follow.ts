// Follows a workflow to its end: a live drawing on a terminal, one line per event elsewhere.

import type { AgoraClient, AgoraEvent, WorkflowHandle, WorkflowResult } from '@agora/client';
import { isWorkflowEnd, WORKFLOW_EVENT_TYPES } from '@agora/module/contract';
import { EXIT } from '../../base/cli-error.ts';
import { duration } from '../../base/flag-schemas.ts';
import { oneLine } from '../../base/printable-text.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { drawWorkflow } from '../../graph/draw-workflow.ts';
import { ChangeNotifier } from './change-notifier.ts';
import { readSnapshot } from './snapshot.ts';

/** The default time to wait for the end. */
export const DAY_MS = 24 * 3_600_000;
/** The schema of a time to wait, limited by the longest delay of a timer. */
export const waitTime = duration.refine(ms => ms >= 1 && ms <= 24 * DAY_MS, 'at least 1ms, and at most 24d');
const REDRAW_MS = 1_000;
/** The shortest time between two drawings; changes in between are merged. */
const MIN_REDRAW_MS = 100;
/** How long to wait for the last events, which arrive independently of the summary. */
const LATE_EVENTS_MS = 2_000;

/** A workflow to follow. */
export interface FollowedWorkflow {
  readonly client: AgoraClient;
  readonly handle: WorkflowHandle;
  readonly timeoutMs: number;
}

/** Waits for the end, and sets the exit code. Throws `workflow/timed-out`. */
export async function waitForEnd(
  context: CommandContext,
  { handle, timeoutMs }: FollowedWorkflow,
): Promise<WorkflowResult> {
  const result = await handle.result({ timeoutMs, signal: context.signal });
  context.exit = result.status === 'succeeded' ? EXIT.ok : EXIT.failed;
  return result;
}

/** Waits for the end, and shows the progress: a drawing on a terminal, one line per event elsewhere. */
export async function watchToEnd(context: CommandContext, followed: FollowedWorkflow): Promise<void> {
  const ended = waitForEnd(context, followed);
  // The promise is awaited below; until then a rejection counts as handled.
  ended.catch(() => undefined);
  if (context.output.isTerminal) await drawLive(context, followed, ended);
  else await printEvents(context, followed, ended);
  await ended;
}

async function drawLive(
  context: CommandContext,
  { client, handle }: FollowedWorkflow,
  ended: Promise<unknown>,
): Promise<void> {
  const { createLogUpdate } = await import('log-update');
  const { default: sliceAnsi } = await import('slice-ansi');
  const { output } = context;
  const { stdout } = context.io;
  const live = createLogUpdate(stdout);
  const changed = new ChangeNotifier();
  let hasEnded = false;
  const over = () => {
    hasEnded = true;
    changed.notify();
  };
  ended.then(over, over);
  void notifyAtEvents(client, handle, changed);
  try {
    for (let isLast = false; ;) {
      const snapshot = await readSnapshot(handle);
      const { rows = 24, columns = 80 } = stdout as NodeJS.WriteStream;
      const viewport = { rows: rows - 1, columns, now: new Date(), paint: output.paint.bind(output) };
      const lines = drawWorkflow(snapshot, viewport);
      live(lines.map(line => sliceAnsi(line, 0, columns)).join('\n'));
      if (isLast) return;
      // Draw once more after the end.
      isLast = hasEnded;
      if (!isLast) await changed.wait(REDRAW_MS);
      isLast = hasEnded;
      if (!isLast) await pause(MIN_REDRAW_MS);
    }
  } finally {
    live.done();
  }
}

async function notifyAtEvents(client: AgoraClient, handle: WorkflowHandle, changed: ChangeNotifier): Promise<void> {
  try {
    for await (const _ of eventsOf(client, handle)) changed.notify();
  } catch {
    // The connection is lost; `waitForEnd` throws the reason.
  }
}

async function printEvents(
  context: CommandContext,
  { client, handle }: FollowedWorkflow,
  ended: Promise<unknown>,
): Promise<void> {
  const { output } = context;
  const over = ended.then(
    () => pause(LATE_EVENTS_MS),
    () => undefined,
  );
  const events = eventsOf(client, handle);
  for (;;) {
    const next = await Promise.race([events.next(), over]);
    if (!next || next.done) return;
    const event = next.value;
    await output.data(event.toJSON(), () => lineOf(event, output));
    if (!isWorkflowEnd(event.type) || !(await Promise.race([settled(ended), pause(LATE_EVENTS_MS)]))) continue;
    // The end before a retry is older: the events continue after it.
    const { endedAt } = handle.status();
    if (endedAt === undefined || event.at >= endedAt) return;
  }
}

function settled(ended: Promise<unknown>): Promise<true> {
  return ended.then(
    () => true as const,
    () => true as const,
  );
}

function lineOf({ at, type, data }: AgoraEvent, output: CommandContext['output']): string {
  const text = (key: string) => (typeof data[key] === 'string' ? oneLine(data[key]) : '');
  const agent = text('agent');
  const about = [text('step'), agent && `→ ${agent}`, text('reason')].filter(Boolean).join('  ');
  const style = type.endsWith('failed')
    ? 'red'
    : type.endsWith('completed') || type.endsWith('completion')
      ? 'green'
      : 'cyan';
  return `${output.time(at)}  ${output.paint(style, type.padEnd(23))}  ${about}`.trimEnd();
}

/** The events of a workflow from its start on, also those after its end if it was retried. */
async function* eventsOf(client: AgoraClient, handle: WorkflowHandle): AsyncGenerator<AgoraEvent, void> {
  let last = 0;
  for await (const event of handle.events()) {
    last = event.seq;
    yield event;
  }
  await using later = await client.subscribeToEvents(WORKFLOW_EVENT_TYPES, { from: last + 1 });
  for await (const event of later) if (event.data['workflow_id'] === handle.workflowId) yield event;
}

function pause(ms: number): Promise<undefined> {
  return new Promise(resolve => void setTimeout(() => resolve(undefined), ms).unref());
}
