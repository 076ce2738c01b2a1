// Draws a workflow as lines of text: its summary, the graph of its steps, and the number of steps in each state.

import type { WorkflowStep, WorkflowSummary, WorkflowWait } from '@agora/client';
import type { Style } from '../base/output.ts';
import { oneLine } from '../base/printable-text.ts';
import { drawLanes } from './draw-lanes.ts';
import { foldGraph, type GraphRow } from './fold-graph.ts';

/** A workflow at one moment. */
export interface WorkflowSnapshot {
  readonly summary: WorkflowSummary;
  readonly steps: readonly WorkflowStep[];
  /** What the unfinished steps wait for. */
  readonly waits?: readonly WorkflowWait[];
}

/** The screen to draw on. */
export interface Viewport {
  /** The number of lines. */
  readonly rows: number;
  readonly columns: number;
  readonly now: Date;
  readonly paint: (style: Style, text: string) => string;
}

type State = WorkflowStep['state'];

const STATE_STYLES: Readonly<Record<State, { readonly glyph: string; readonly style: Style; readonly word: string }>> =
  {
    running: { glyph: '●', style: 'cyan', word: 'running' },
    ready: { glyph: '◎', style: 'yellow', word: 'ready' },
    failed: { glyph: '✗', style: 'red', word: 'failed' },
    timed_out: { glyph: '✗', style: 'red', word: 'timed out' },
    succeeded: { glyph: '✓', style: 'green', word: 'done' },
    skipped: { glyph: '↷', style: 'dim', word: 'skipped' },
    cancelled: { glyph: '⊘', style: 'dim', word: 'cancelled' },
    pending: { glyph: '○', style: 'dim', word: 'pending' },
  };
const STATES = Object.keys(STATE_STYLES) as State[]; // the keys of a literal

const STATUS_STYLES: Readonly<Record<WorkflowSummary['status'], Style>> = {
  running: 'cyan',
  paused: 'yellow',
  compensating: 'yellow',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'yellow',
};

const UNDO_TEXT = { running: 'undoing', done: 'undone', failed: 'undo failed' } as const;

/** The lines above and below the graph. */
const LINES_AROUND = 3;
const MAX_LANES = 12;
const MAX_NAMES = 3;

/** The lines of the drawing: at most as many as the viewport has (at least five), for any number of steps. */
export function drawWorkflow(snapshot: WorkflowSnapshot, viewport: Viewport): string[] {
  const maxRows = Math.max(2, viewport.rows - LINES_AROUND);
  const rows = foldGraph(snapshot.steps, maxRows);
  const { summary } = snapshot;
  return [
    headOf(summary, viewport),
    '',
    ...graphOf(rows, snapshot, viewport, maxRows),
    [countsOf(snapshot.steps), ...(summary.reason === '' ? [] : [viewport.paint('red', oneLine(summary.reason))])].join(
      '  ',
    ),
  ];
}

/** The line above the graph: type, status, progress and duration. */
export function headOf(summary: WorkflowSummary, { now, paint }: Pick<Viewport, 'now' | 'paint'>): string {
  const { type, status, ended, total, startedAt, endedAt, workflowId } = summary;
  const took = elapsed((endedAt ?? now).getTime() - startedAt.getTime());
  const progress = `${ended}/${total}`;
  return [paint('bold', type), paint(STATUS_STYLES[status], status), progress, took, paint('dim', workflowId)].join(
    '  ',
  );
}

function graphOf(rows: readonly GraphRow[], snapshot: WorkflowSnapshot, viewport: Viewport, maxRows: number): string[] {
  const shown = rows.length <= maxRows ? rows : mostImportant(rows, maxRows - 1);
  const gutters =
    shown === rows
      ? drawLanes(
          rows.map(row => row.dependencies),
          MAX_LANES,
        )
      : undefined;
  const waits = new Map((snapshot.waits ?? []).map(wait => [wait.step, wait]));
  const names = shown.map(nameOf);
  const width = Math.min(
    Math.max(0, ...names.map(name => name.length)),
    Math.max(12, Math.floor(viewport.columns / 3)),
  );
  const lines = shown.map((row, at) => {
    const look = STATE_STYLES[stateOf(row)];
    const gutter = viewport.paint('dim', gutters?.[at] ?? '');
    const name = cut(names[at] ?? '', width).padEnd(width);
    const after = gutters ? '' : afterOf(row, rows, viewport);
    const details = detailsOf(row, waits, viewport);
    return `${gutter}${viewport.paint(look.style, `${look.glyph} ${name}`)}  ${[...details, after].filter(Boolean).join('  ')}`;
  });
  if (shown !== rows) {
    const hidden = rows.filter(row => !shown.includes(row)).flatMap(row => row.steps);
    lines.push(viewport.paint('dim', `… and ${hidden.length} more: ${countsOf(hidden)}`));
  }
  return lines.map(line => line.trimEnd());
}

/** The rows with the most important states, in their order. */
function mostImportant(rows: readonly GraphRow[], count: number): GraphRow[] {
  const ranked = rows.toSorted((a, b) => STATES.indexOf(stateOf(a)) - STATES.indexOf(stateOf(b))).slice(0, count);
  const chosen = new Set(ranked);
  return rows.filter(row => chosen.has(row));
}

function nameOf({ steps, elements }: GraphRow): string {
  const [first, ...others] = steps;
  if (!first) return '';
  if (others.length > 0) {
    const actions = [...new Set(steps.map(step => step.action))];
    const shown = actions.slice(0, MAX_NAMES).join(', ');
    return `${steps.length} × ${shown}${actions.length > MAX_NAMES ? ', …' : ''}`;
  }
  if (elements.length === 0) return first.name;
  return `${first.name} [${elements.filter(each => each.endedAt).length}/${elements.length}]`;
}

/** The most important state of the steps of a row. */
function stateOf({ steps }: GraphRow): State {
  return STATES.find(state => steps.some(step => step.state === state)) ?? 'pending';
}

/** The details of a row: agent, duration, attempt, and what it waits for or why it failed. */
function detailsOf(row: GraphRow, waits: ReadonlyMap<string, WorkflowWait>, { now, paint }: Viewport): string[] {
  const [step, ...others] = row.steps;
  if (!step) return [];
  if (others.length > 0) return new Set(row.steps.map(each => each.state)).size > 1 ? [countsOf(row.steps)] : [];
  const wait = waits.get(step.name);
  const holder = wait?.waitsFor === 'answer' ? wait.whom[0] : step.agent;
  const running = row.elements.filter(each => each.state === 'running').length;
  return [
    holder ?? '',
    step.startedAt ? elapsed((step.endedAt ?? now).getTime() - step.startedAt.getTime()) : '',
    step.tries > 1 ? paint('yellow', `try ${step.tries}`) : '',
    step.compensation === undefined ? '' : paint('yellow', UNDO_TEXT[step.compensation]),
    running > 0 && step.endedAt === undefined ? `${running} running` : '',
    wait ? paint('dim', waitText(wait, now)) : '',
    step.error !== undefined && step.state !== 'succeeded' ? paint('red', oneLine(step.error)) : '',
  ];
}

/** The names of the rows that a row depends on, for a graph without lines. */
function afterOf(row: GraphRow, rows: readonly GraphRow[], { paint }: Viewport): string {
  if (row.dependencies.length === 0) return '';
  const names = row.dependencies
    .slice(0, MAX_NAMES)
    .flatMap(at => rows[at] ?? [])
    .map(nameOf);
  const more = row.dependencies.length - names.length;
  return paint('dim', `← ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`);
}

/** What a step waits for; empty if the drawing already shows it. */
export function waitText({ waitsFor, whom, until }: WorkflowWait, now: Date): string {
  const who = whom.join(', ');
  switch (waitsFor) {
    case 'approval':
      return `waits for the approval of ${who}`;
    case 'time':
      return until === undefined ? 'starts now' : `starts in ${elapsed(until.getTime() - now.getTime())}`;
    case 'resume':
      return 'waits for the workflow to resume';
    case 'queue':
      return `waits for a free agent of ${who}`;
    case 'agent':
      return `waits for ${who} to take it`;
    case 'steps':
    case 'answer':
    case 'elements':
      return '';
    case 'limit':
      return 'waits for room within the limits';
    case 'workflow':
      return `is workflow ${who}`;
  }
}

/** The number of steps in each state: `2 running · 5 pending`. */
export function countsOf(steps: readonly WorkflowStep[]): string {
  const counts = STATES.map(
    state => [steps.filter(step => step.state === state).length, STATE_STYLES[state].word] as const,
  );
  return counts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : [])).join(' · ');
}

/** The duration for people: `0.4s`, `12s`, `3m 05s`, `2h 10m`. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${two((seconds % 3600) / 60)}m`;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
