// Cost of a workflow in the hub alone: the module in a database without a socket, with subscribed inboxes and summary, and with
// as many workflows in flight as in the rest of this load.

import type { Database } from '@agora/host/testing';
import { z } from 'zod';
import { BenchAgent, offered, uuidAt } from '../delivery/agents.ts';
import { columnsOf, Lab, tableOf, type Cost } from '../delivery/lab.ts';
import type { Measurement, Round } from '../harness.ts';
import { median } from '../statistics.ts';
import { auditRows, STATE_COLUMNS, StateRow, STEP_COLUMNS, StepRow, type Rows } from './audit.ts';
import { chain, outputOf, STEPS } from './chain.ts';
import { IN_FLIGHT } from './measure.ts';

/** Number of workflows before the measurement, and in it. */
export interface Turns {
  readonly warmUp: number;
  readonly measured: number;
}

const CREDIT = 128;
/** Acts in a gathered call. */
const GATHERED = 16;
const TURN_MS = 10;

/** The acts on a workflow. */
type Act = 'start' | 'hand-off' | 'last step' | 'unwatch';

/** Measures the acts of workflows in this process, singly and gathered, from an empty database to its audit. */
export async function measureCost({ warmUp, measured }: Turns, bundle?: URL): Promise<Round> {
  await using lab = await Lab.open(bundle);
  const scene = new Scene(lab);
  const measurements: Measurement[] = [];
  for (const batch of [1, GATHERED]) {
    scene.run(warmUp, batch);
    scene.costs.clear();
    scene.run(measured, batch);
    for (const [act, costs] of scene.costs) {
      const metric = batch === 1 ? act : `${act}, ${batch} in a call`;
      measurements.push({ metric, unit: 'µs', value: median(costs.map(({ micros }) => micros / batch)) });
      if (batch > 1) continue;
      measurements.push({ metric: `${act}: rows written`, unit: 'rows', value: median(costs.map(({ rows }) => rows)) });
    }
  }
  scene.finish();
  return { measurements, audited: scene.ended, faults: auditRows(scene.ended, rowsOf(lab.database)) };
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

  /** Runs until so many more workflows have ended, with `IN_FLIGHT` in flight, a third of them at each agent. */
  run(count: number, batch: number): void {
    const end = this.ended + count;
    while (this.ended < end) {
      while (this.#ids.length + batch <= this.ended + IN_FLIGHT) this.#start(batch);
      this.#turn(Math.floor(IN_FLIGHT / STEPS.length), batch);
    }
  }

  /** Runs all workflows in flight to their end. */
  finish(): void {
    while (this.ended < this.#ids.length) this.#turn(1, 1);
  }

  #start(batch: number): void {
    const acts = Array.from({ length: batch }, () => {
      const id = uuidAt(this.#lab.nowMs);
      const definition = jsonText(chain(this.#ids.length));
      this.#ids.push(id);
      return `{"startWorkflow":{"id":"${id}","agent":${this.#coordinator.id},"definition":${definition}}}`;
    });
    this.#perform('start', this.#coordinator, acts);
  }

  /** Each agent that holds at least `least` steps does its oldest ones. */
  #turn(least: number, batch: number): void {
    for (const [at, { action }] of STEPS.entries()) {
      const worker = this.#workers[at];
      const held = worker ? (offered(this.#lab.database).get(worker.id) ?? []) : [];
      if (!worker || held.length < Math.max(least, batch)) continue;
      const next = held.sort((a, b) => (a < b ? -1 : 1)).slice(0, batch);
      // Workflows do not overtake each other here, so the deliveries of an agent have their order.
      const numbers = next.map(delivery => Number(delivery & 0xffff_ffffn) - 1);
      const acts = next.map((delivery, i) => {
        const output = jsonText(outputOf(numbers[i] ?? 0, action));
        return `{"finishStep":{"delivery":${delivery},"attempt":1,"output":${output}}}`;
      });
      const isLast = at === STEPS.length - 1;
      this.#perform(isLast ? 'last step' : 'hand-off', worker, acts);
      if (!isLast) continue;
      this.ended += batch;
      const ended = numbers.map(n => `{"unwatchWorkflow":{"workflow":"${this.#ids[n]}"}}`);
      this.#perform('unwatch', this.#coordinator, ended);
    }
    this.#lab.advance(TURN_MS);
  }

  #perform(act: Act, agent: BenchAgent, acts: readonly string[]): void {
    const cost = agent.act(agent.prepare(acts));
    const costs = this.costs.get(act);
    if (costs) costs.push(cost);
    else this.costs.set(act, [cost]);
  }
}

/** Encodes a value as JSON twice: a JSON string with its JSON text. */
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
