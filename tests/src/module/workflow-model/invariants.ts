// Compares the database with the model after each command. The invariants I1 to I13 are listed in `../workflow.model.test.ts`.

import { expect } from 'vitest';
import type { ModuleLab, Row } from '../../support/module-lab.ts';
import type { Command } from './commands.ts';
import type { ModelMapping, StepPair } from './model-mapping.ts';
import { hasEnded, isUndoable, type ModelStep } from './model-step.ts';

/** Checks of one tree of workflows; keeps the rows of the check before. */
export class WorkflowInvariants {
  readonly #lab: ModuleLab;
  readonly #mapping: ModelMapping;
  /** Rows of steps by id, and versions by workflow, before the last command. */
  #before = new Map<unknown, Row>();
  readonly #versions = new Map<string, number>();
  /** Ids of steps in the order in which they succeeded. */
  readonly #succeeded: unknown[] = [];

  constructor(lab: ModuleLab, mapping: ModelMapping) {
    this.#lab = lab;
    this.#mapping = mapping;
  }

  check(command: Command): void {
    const rows = this.#mapping.stepRows();
    const states = new Map(this.#lab.rows('workflow_state').map(row => [row['id'], row]));
    this.#mapping.refresh(rows);
    expect(states.size).toBe(this.#mapping.ids.size);
    const pairs: StepPair[] = [];
    for (const [workflow, id] of this.#mapping.ids) {
      const own = rows.filter(row => row['workflow'] === id);
      const places = placesOf(own);
      expect(own.map(row => stateOfRow(row, places))).toEqual(workflow.steps.map(stateOfStep)); // I1
      expect(states.get(id)).toMatchObject({ status: workflow.status, ended: workflow.ended, total: own.length }); // I1, I6
      this.#checkVersion(id, own, states.get(id));
      workflow.steps.forEach((step, at) => pairs.push([own[at] ?? {}, step]));
    }
    this.#checkTasks(pairs);
    this.#checkCompensation(pairs);
    for (const [row] of pairs) {
      const before = this.#before.get(row['id']);
      if (before && rowHasEnded(before) && command.do !== 'retry') expect(row['state']).toBe(before['state']); // I5
    }
    this.#before = new Map(rows.map(row => [row['id'], row]));
  }

  #checkVersion(id: string, rows: readonly Row[], state: Row | undefined): void {
    const version = Number(state?.['version']);
    const isChanged = rows.some(row => JSON.stringify(row) !== JSON.stringify(this.#before.get(row['id'])));
    if (isChanged) expect(version).toBeGreaterThan(this.#versions.get(id) ?? -1); // I8
    this.#versions.set(id, version);
  }

  #checkTasks(pairs: readonly StepPair[]): void {
    const running = new Set<unknown>();
    const asked = new Set<unknown>();
    const assigned: (readonly [message: unknown, step: ModelStep])[] = [];
    for (const [row, step] of pairs) {
      const message = row['message'];
      if (row['approval'] === 'asked') asked.add(message);
      // Of a nested workflow that is undone, it is the id of that.
      const isUndoTask = step.spec.undo !== undefined && row['undo_message'] !== '';
      if (row['undo'] === 'running' && isUndoTask) running.add(row['undo_message']);
      if (isUndoTask) this.#mapping.addTask(row['undo_message'], { step, isUndo: true });
      if (row['state'] !== 'running' || message === '' || step.spec.nested) continue;
      running.add(message);
      if (!this.#mapping.hasTask(message)) assigned.push([message, step]);
      this.#mapping.addTask(message, { step, isUndo: false });
    }
    for (const [message, step] of assigned) this.#checkAssignment(message, step);
    const unfinished = [...this.#lab.rows('offer').filter(row => row['attempt'] !== 0), ...this.#lab.rows('waiting')];
    const messages = unfinished.map(row => row['message']);
    const tasks = messages.filter(message => this.#mapping.hasTask(message));
    expect(tasks.sort()).toEqual([...running].sort()); // I3, I7
    const questions = messages.filter(message => !this.#mapping.hasTask(message));
    for (const question of questions) expect(asked.has(question)).toBe(true); // I7
  }

  #checkAssignment(message: unknown, step: ModelStep): void {
    const { parent, workflow } = step;
    const joined = parent ?? step;
    const isFirst = !parent && step.tries === 1;
    if (isFirst) expect(workflow.met(step)).toBeGreaterThanOrEqual(step.spec.need); // I2
    if (joined.spec.approval) expect(joined.approval).toBe('approved'); // I10
    const row = this.#lab.rows('message').find(each => each['id'] === message);
    const { task } = JSON.parse(String(row?.['payload'])) as { task: { inputs: unknown; index?: number } };
    expect(task.inputs).toEqual(Object.fromEntries(step.given)); // I4
    if (!parent) return;
    expect(task.index).toBe(parent.children.indexOf(step));
    const limit = parent.spec.forEach?.concurrency ?? Infinity;
    const active = parent.children.filter(each => each.state === 'ready' || each.state === 'running');
    expect(active.length).toBeLessThanOrEqual(limit); // I11
  }

  #checkCompensation(pairs: readonly StepPair[]): void {
    const done = pairs.filter(([row]) => row['state'] === 'succeeded' && !this.#succeeded.includes(row['id']));
    this.#succeeded.push(...done.sort(([a], [b]) => Number(a['order']) - Number(b['order'])).map(([row]) => row['id']));
    for (const [row] of pairs) {
      const before = this.#before.get(row['id'])?.['undo'] ?? '';
      if (row['undo'] === before) continue;
      expect(['', 'running']).toContain(before); // I12
      const later = pairs.filter(([other, step]) => {
        const isLater = this.#succeeded.indexOf(other['id']) > this.#succeeded.indexOf(row['id']);
        return isLater && other['workflow'] === row['workflow'] && isUndoable(step.spec);
      });
      for (const [other] of later) expect(['done', 'failed']).toContain(other['undo']); // I13
    }
  }
}

/** The places of steps in the order of their ends, from 1 on, by row. */
function placesOf(rows: readonly Row[]): Map<Row, number> {
  const ended = rows.filter(rowHasEnded).sort((a, b) => Number(a['order']) - Number(b['order']));
  expect(new Set(ended.map(row => row['order'])).size).toBe(ended.length);
  return new Map(ended.map((row, at) => [row, at + 1]));
}
function stateOfRow(row: Row, places: ReadonlyMap<Row, number>): string {
  const place = places.get(row) ?? 0;
  return [row['name'], row['state'], row['tries'], row['approval'], row['undo'], place].map(String).join(' ');
}
function stateOfStep(step: ModelStep): string {
  const { name, state, tries, approval, undo, workflow } = step;
  return [name, state, tries, approval, undo, workflow.placeOf(step)].map(String).join(' ');
}
function rowHasEnded(row: Row): boolean {
  return hasEnded({ state: String(row['state']) });
}
