// A lead and workers of a workflow test, in a database without a socket, and their tasks.

import { ModuleLab, uuidAt, type Edits, type LabAgent, type Row } from './module-lab.ts';

/** A task as its worker sees it. */
export interface LabTask {
  readonly delivery: unknown;
  readonly attempt: unknown;
  readonly step: string;
  readonly task: Readonly<Record<string, unknown>>;
}

/** The lead and the workers of a test. */
export class Team {
  readonly lab: ModuleLab;
  readonly lead: LabAgent;
  readonly #workers = new Map<string, LabAgent>();
  #workflows = 0;

  private constructor(lab: ModuleLab) {
    this.lab = lab;
    this.lead = lab.register('Lead');
    this.lead.attach();
  }

  /** Workers by name; after a colon, the capability of one. */
  static async of(...workers: string[]): Promise<Team> {
    return Team.with([], ...workers);
  }

  /** A team whose bundle is edited. */
  static async with(edits: Edits, ...workers: string[]): Promise<Team> {
    const team = new Team(await ModuleLab.open(edits));
    for (const worker of workers) {
      const [name = '', capability] = worker.split(':');
      const agent = team.lab.register(name, { capabilities: capability === undefined ? [] : [capability] });
      agent.attach();
      team.#workers.set(name, agent);
    }
    return team;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab.close();
  }

  worker(name: string): LabAgent {
    const worker = this.#workers.get(name);
    if (!worker) throw new Error(`no worker ${name}`);
    return worker;
  }

  /** Starts a workflow and returns its id. */
  start(steps: readonly Readonly<Record<string, unknown>>[], more: Readonly<Record<string, unknown>> = {}): string {
    const id = uuidAt(this.lab.nowMs, ++this.#workflows);
    const definition = JSON.stringify({ workflow_type: 'test', steps, ...more });
    this.lead.call('start_workflow', { id, agent: this.lead.id, definition });
    return id;
  }

  /** The tasks that a worker holds, by step. */
  tasks(name: string): LabTask[] {
    return this.worker(name)
      .inbox()
      .filter(row => row['kind'] === 'task')
      .map(taskOf);
  }

  finish(name: string, step: string, output: unknown = null): void {
    const { delivery, attempt } = this.#held(name, step);
    this.worker(name).act({ FinishStep: { delivery, attempt, output: JSON.stringify(output) } });
  }

  /** Fails a step permanently. */
  fail(name: string, step: string, error = 'broken'): void {
    const { delivery, attempt } = this.#held(name, step);
    this.worker(name).act({ FailStep: { delivery, attempt, error, retry: false } });
  }

  /** Fails a step so that it may be retried. */
  failWithRetry(name: string, step: string, error = 'busy'): void {
    const { delivery, attempt } = this.#held(name, step);
    this.worker(name).act({ FailStep: { delivery, attempt, error, retry: true } });
  }

  /** The states of a workflow's steps by name. */
  states(workflow: string): Record<string, unknown> {
    const rows = this.lab.rows('step').filter(row => row['workflow'] === workflow);
    return Object.fromEntries(rows.map(row => [String(row['name']), row['state']]));
  }

  /** The summary of a workflow. */
  summary(workflow: string): Row {
    const row = this.lab.rows('workflow_state').find(each => each['id'] === workflow);
    if (!row) throw new Error(`no workflow ${workflow}`);
    return row;
  }

  #held(name: string, step: string): LabTask {
    const found = this.tasks(name).find(task => task.step === step);
    if (!found) throw new Error(`${name} has no task ${step}`);
    return found;
  }
}

function taskOf(row: Row): LabTask {
  const { payload } = JSON.parse(String(row['envelope'])) as { payload: { task: LabTask['task'] } };
  return { delivery: row['id'], attempt: row['attempt'], step: String(payload.task['step']), task: payload.task };
}
