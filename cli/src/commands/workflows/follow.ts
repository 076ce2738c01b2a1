// Following a workflow to its end: drawn in place for a person, told change by change for everybody else.

import type { AgoraClient, AgoraEvent, WorkflowHandle, WorkflowResult } from '@agora/client';
import type { CommandContext } from '../../command/command-context.ts';
import { EXIT } from '../../base/cli-error.ts';
import { drawWorkflow } from '../../graph/draw-workflow.ts';
import { oneLine } from '../../base/printable-text.ts';
import { duration } from '../../base/flag-schemas.ts';
import { readSnapshot } from './snapshot.ts';

/** How long to wait for the end, unless said otherwise. */
export const DAY_MS = 24 * 3_600_000;
/** How long somebody may wait: as long as timers go. */
export const waitTime = duration.refine(ms => ms >= 1 && ms <= 24 * DAY_MS, 'at least 1ms, and at most 24d');
const REDRAW_MS = 1_000;
/** Many changes at once are drawn once. */
const LEAST_PAUSE_MS = 100;
/** Events come on another way than the summary: the last of them are waited for so long. */
const LATE_EVENTS_MS = 2_000;

const EVENT_TYPES = ['workflow_started', 'workflow_completion', 'workflow_failed', 'workflow_cancelled'].concat(
  ['workflow_paused', 'workflow_resumed'],
  ['step_ready', 'step_completed', 'step_failed', 'step_approval_requested'],
);
const LAST_EVENTS = new Set(['workflow_completion', 'workflow_failed', 'workflow_cancelled']);

/** A workflow that is followed. */
export interface FollowedWorkflow {
  readonly client: AgoraClient;
  readonly handle: WorkflowHandle;
  readonly timeoutMs: number;
}

/** Waits for the end, and tells it by the exit code. Throws `workflow/timed-out`. */
export async function waitForEnd(context: CommandContext, { handle, timeoutMs }: FollowedWorkflow): Promise<WorkflowResult> {
  const result = await handle.result({ timeoutMs, signal: context.signal });
  context.exit = result.status === 'succeeded' ? EXIT.ok : EXIT.failed;
  return result;
}

/** Waits for the end and shows what happens until then: a drawing on a terminal, events as lines elsewhere. */
export async function watchToEnd(context: CommandContext, followed: FollowedWorkflow): Promise<void> {
  const ended = waitForEnd(context, followed);
  // Whoever shows it hears of its end in their own time.
  ended.catch(() => undefined);
  if (context.output.isTerminal) await drawLive(context, followed, ended);
  else await tellEvents(context, followed, ended);
  await ended;
}

async function drawLive(context: CommandContext, { client, handle }: FollowedWorkflow, ended: Promise<unknown>): Promise<void> {
  const { createLogUpdate } = await import('log-update');
  const { default: sliceAnsi } = await import('slice-ansi');
  const { output } = context;
  const { stdout } = context.io;
  const live = createLogUpdate(stdout);
  const changed = new ChangeNotifier();
  let hasEnded = false;
  const over = () => {
    hasEnded = true;
    changed.ring();
  };
  ended.then(over, over);
  void ringAtEvents(client, handle, changed);
  try {
    for (let isLast = false; ;) {
      const snapshot = await readSnapshot(handle);
      const { rows = 24, columns = 80 } = stdout as NodeJS.WriteStream;
      const viewport = { rows: rows - 1, columns, now: new Date(), paint: output.paint.bind(output) };
      const lines = drawWorkflow(snapshot, viewport);
      live(lines.map(line => sliceAnsi(line, 0, columns)).join('\n'));
      if (isLast) return;
      // What has ended is drawn once more as it ended.
      isLast = hasEnded;
      if (!isLast) await changed.heard(REDRAW_MS);
      isLast = hasEnded;
      if (!isLast) await pause(LEAST_PAUSE_MS);
    }
  } finally {
    live.done();
  }
}

async function ringAtEvents(client: AgoraClient, handle: WorkflowHandle, bell: ChangeNotifier): Promise<void> {
  try {
    for await (const _ of eventsOf(client, handle)) bell.ring();
  } catch {
    // The connection is over: whoever waits for the end is told why.
  }
}

async function tellEvents(context: CommandContext, { client, handle }: FollowedWorkflow, ended: Promise<unknown>): Promise<void> {
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
    // A workflow that had ended may have been retried, and go on.
    if (LAST_EVENTS.has(event.type) && (await Promise.race([isOver(ended), pause(LATE_EVENTS_MS)]))) return;
  }
}

function isOver(ended: Promise<unknown>): Promise<true> {
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
  return `${at.toLocaleTimeString()}  ${output.paint(style, type.padEnd(23))}  ${about}`.trimEnd();
}

/** What happened to a workflow from its start on, and what happens; also when it had ended and was retried. */
async function* eventsOf(client: AgoraClient, handle: WorkflowHandle): AsyncGenerator<AgoraEvent, void> {
  let last = 0;
  for await (const event of handle.events()) {
    last = event.seq;
    yield event;
  }
  await using later = await client.subscribeToEvents(EVENT_TYPES, { from: last + 1 });
  for await (const event of later) if (event.data['workflow_id'] === handle.workflowId) yield event;
}

/** Somebody waits until something happens, or a time is over. */
class ChangeNotifier {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async heard(withinMs: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, withinMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rung = false;
    this.#wake = undefined;
  }
}

function pause(ms: number): Promise<undefined> {
  return new Promise(resolve => void setTimeout(() => resolve(undefined), ms).unref());
}
