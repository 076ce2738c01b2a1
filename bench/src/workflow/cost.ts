// What a workflow costs the hub itself: the module in a database without a socket, inboxes and the coordinator's summary
// followed, one act a call, with as many workflows in flight as elsewhere in this load.

import type { Database } from '@agora/host/testing';
import { z } from 'zod';
import { BenchAgent, offered, uuidAt } from '../delivery/agents.ts';
import { columnsOf, Lab, tableOf, type Cost } from '../delivery/lab.ts';
import type { Measurement, Round } from '../harness.ts';
import { median } from '../statistics.ts';
import { auditRows, STATE_COLUMNS, StateRow, STEP_COLUMNS, StepRow, type Rows } from './audit.ts';
import { chain, outputOf, STEPS } from './chain.ts';
import { IN_FLIGHT } from './measure.ts';

/** How many workflows are run before any is measured, and then. */
export interface Turns {
  readonly warmUp: number;
  readonly measured: number;
}

const CREDIT = 128;
const TURN_MS = 10;

/** What is timed of a workflow: each is one call. */
type Act = 'start' | 'hand-off' | 'last step' | 'let go';

/** Measures the acts of workflows in this process, from an empty database to its audit. */
export async function measureCost({ warmUp, measured }: Turns, bundle?: URL): Promise<Round> {
  await using lab = await Lab.open(bundle);
  const scene = new Scene(lab);
  scene.run(warmUp);
  scene.costs.clear();
  scene.run(measured);
  const measurements = [...scene.costs].flatMap(([act, costs]): Measurement[] => [
    { metric: act, unit: 'µs', value: median(costs.map(({ micros }) => micros)) },
    { metric: `${act}: rows written`, unit: 'rows', value: median(costs.map(({ rows }) => rows)) },
  ]);
  scene.finish();
  return {
    measurements,
    audited: scene.ended,
    faults: auditRows(scene.ended, rowsOf(lab.database)),
  };
}

/** A coordinator and the agents of the steps, with workflows in flight between them. */
class Scene {
  readonly costs = new Map<Act, Cost[]>();
  readonly #lab: Lab;
  readonly #coordinator: BenchAgent;
  readonly #workers: readonly BenchAgent[];
  readonly #ids: string[] = [];
  ended = 0;

  constructor(lab: Lab) {
    this.#lab = lab;
    const join = (name: string, view: string) => {
      const caller = lab.connect();
      const agent = new BenchAgent(lab.database, caller, { name, credit: CREDIT });
      agent.attach();
      lab.follow(caller, view);
      return agent;
    };
    this.#coordinator = join('Coordinator', 'my_workflows');
    this.#workers = STEPS.map(({ agent }) => join(agent, 'my_inbox'));
  }

  /** Runs until so many more workflows have ended, with `IN_FLIGHT` at work, a third of them at each agent. */
  run(count: number): void {
    const end = this.ended + count;
    while (this.ended < end) {
      while (this.#ids.length < this.ended + IN_FLIGHT) this.#start();
      this.#turn(Math.floor(IN_FLIGHT / STEPS.length));
    }
  }

  /** Lets all that is in flight come to its end. */
  finish(): void {
    while (this.ended < this.#ids.length) this.#turn(1);
  }

  #start(): void {
    const id = uuidAt(this.#lab.nowMs);
    const definition = jsonText(chain(this.#ids.length));
    const fields = { id: `"${id}"`, agent: String(this.#coordinator.id), definition };
    this.#note('start', this.#coordinator.call('start_workflow', fields));
    this.#ids.push(id);
  }

  /** Each agent that holds so many steps does the one that it was offered first. */
  #turn(least: number): void {
    for (const [at, { action }] of STEPS.entries()) {
      const worker = this.#workers[at];
      const held = worker ? (offered(this.#lab.database).get(worker.id) ?? []) : [];
      const [delivery] = held.sort((a, b) => (a < b ? -1 : 1));
      if (!worker || delivery === undefined || held.length < least) continue;
      // Workflows do not overtake each other here, so an agent's deliveries are numbered as they are.
      const n = Number(delivery & 0xffff_ffffn) - 1;
      const output = jsonText(outputOf(n, action));
      const cost = worker.act(
        worker.prepare([`{"finishStep":{"delivery":${delivery},"attempt":1,"output":${output}}}`]),
      );
      const isLast = at === STEPS.length - 1;
      this.#note(isLast ? 'last step' : 'hand-off', cost);
      if (!isLast) continue;
      this.ended++;
      this.#note('let go', this.#coordinator.call('unwatch_workflow', { workflow: `"${this.#ids[n]}"` }));
    }
    this.#lab.advance(TURN_MS);
  }

  #note(act: Act, cost: Cost): void {
    const costs = this.costs.get(act);
    if (costs) costs.push(cost);
    else this.costs.set(act, [cost]);
  }
}

/** A value as a JSON text that holds its JSON text. */
function jsonText(value: unknown): string {
  return JSON.stringify(JSON.stringify(value));
}

function rowsOf(database: Database): Rows {
  const read = <Row>(table: string, columns: readonly string[], row: z.ZodType<Row>): Row[] =>
    [...columnsOf(tableOf(database, table), columns)].map(values =>
      row.parse(values.map(value => (typeof value === 'bigint' ? Number(value) : value))),
    );
  const assignments = read('message', ['step', 'payload', 'kind'], z.tuple([z.number(), z.string(), z.string()]));
  return {
    states: read('workflow_state', STATE_COLUMNS, StateRow),
    steps: read('step', STEP_COLUMNS, StepRow),
    assignments: assignments.flatMap(([step, payload, kind]) => (kind === 'task' ? [[step, payload]] : [])),
  };
}
