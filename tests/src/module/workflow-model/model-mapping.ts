// Maps rows of the database to the model: workflows to their ids, steps to their rows, messages to the step they belong to.

import type { ModuleLab, Row } from '../../support/module-lab.ts';
import type { ModelStep } from './model-step.ts';
import type { ModelWorkflow } from './model-workflow.ts';

/** The step that a message assigns or compensates. */
export interface ModelTask {
  readonly step: ModelStep;
  readonly isUndo: boolean;
}

/** A step of the model and its row. */
export type StepPair = readonly [row: Row, step: ModelStep];

/** The mapping of a tree of workflows; `refresh` follows the database after each command. */
export class ModelMapping {
  readonly #lab: ModuleLab;
  readonly #root: ModelWorkflow;
  readonly #rootId: string;
  /** Tasks by message id; those of ended assignments are kept. */
  readonly #tasks = new Map<unknown, ModelTask>();
  #ids = new Map<ModelWorkflow, string>();

  constructor(lab: ModuleLab, root: ModelWorkflow, rootId: string) {
    this.#lab = lab;
    this.#root = root;
    this.#rootId = rootId;
  }

  /** The ids of the workflows, as of the last `refresh`. */
  get ids(): ReadonlyMap<ModelWorkflow, string> {
    return this.#ids;
  }

  refresh(rows: readonly Row[]): void {
    this.#ids = this.#identify(rows);
  }

  /** All rows of steps, by position. */
  stepRows(): Row[] {
    return this.#lab.rows('step').sort((a, b) => Number(a['position']) - Number(b['position']));
  }

  addTask(message: unknown, task: ModelTask): void {
    this.#tasks.set(message, task);
  }
  hasTask(message: unknown): boolean {
    return this.#tasks.has(message);
  }
  /** The task of a message, also of one that was sent after the last `refresh`. */
  taskOf(id: unknown): ModelTask | undefined {
    return this.#tasks.get(id) ?? this.#taskOfNew(this.#lab.rows('message').find(each => each['id'] === id));
  }

  #taskOfNew(message: Row | undefined): ModelTask | undefined {
    const rows = this.stepRows();
    const row = rows.find(each => each['id'] === message?.['step']);
    const [workflow] = [...this.#identify(rows)].find(([, id]) => id === row?.['workflow']) ?? [];
    const step = workflow?.steps[Number(row?.['position'])];
    return step && { step, isUndo: String(message?.['payload']).includes('"compensates":true') };
  }

  /** Finds nested workflows by their steps; the runs of a step are in the order of insertion. */
  #identify(rows: readonly Row[]): Map<ModelWorkflow, string> {
    // The database returns rows in the order of insertion, and rows of `workflow` are never updated.
    const nested = this.#lab.rows('workflow');
    const found = new Map<ModelWorkflow, string>([[this.#root, this.#rootId]]);
    for (const [workflow, id] of found) {
      const own = rows.filter(row => row['workflow'] === id);
      workflow.steps.forEach((step, at) => {
        if (step.runs.length === 0) return;
        const ids = nested.filter(row => row['parent_step'] === own[at]?.['id']).map(row => String(row['id']));
        step.runs.forEach((run, nth) => found.set(run, ids[nth] ?? ''));
      });
    }
    return found;
  }
}
