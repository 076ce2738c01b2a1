// A tree of workflows in a database without a socket, and its model: every happening is told to both, and both are compared.

import { expect } from 'vitest';
import type { Crew } from './crew.ts';
import type { LabAgent, Row } from './module-lab.ts';
import { Flow, hasEnded, World, type ModelSpec, type ModelStep } from './workflow-model.ts';

const SLOT = 250_000n;
/** Happenings of workflows among what is due. */
const OURS = /^(step-|workflow-|approval$|approver$)/;

/** What may happen. `pick` chooses among what there is: what is offered, steps, workflows. */
export type Happening =
  | { readonly do: 'answer'; readonly pick: number; readonly output: number }
  | { readonly do: 'fail'; readonly pick: number; readonly retry: boolean }
  | { readonly do: 'approve' | 'reject'; readonly pick: number; readonly isOperator: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'pause' | 'resume' | 'cancel'; readonly pick: number }
  | { readonly do: 'retry'; readonly pick: number; readonly at: number }
  | { readonly do: 'leave' | 'return' | 'unregister'; readonly who: string };

/** What a message is to its step. */
interface Task {
  readonly step: ModelStep;
  readonly isUndo: boolean;
}

/** A tree of workflows and its model. */
export class WorkflowScene {
  readonly crew: Crew;
  readonly world: World;
  readonly root: Flow;
  readonly id: string;
  readonly #here = new Map<string, LabAgent>();
  /** The workflows by their models, and the tasks by their messages. */
  #ids = new Map<Flow, string>();
  #tasks = new Map<unknown, Task>();
  /** As it was before the last happening: steps and versions. */
  #before = new Map<unknown, Row>();
  #versions = new Map<string, number>();
  /** Steps in the order in which they were seen to succeed. */
  #done: unknown[] = [];

  constructor(crew: Crew, workers: readonly string[], specs: readonly ModelSpec[], deadlineMs: number | undefined) {
    this.crew = crew;
    for (const name of workers) this.#here.set(name, crew.worker(name));
    this.world = new World(crew.lab.now);
    this.root = new Flow(this.world, specs, deadlineMs);
    this.root.release();
    this.id = crew.start(specs.map(definitionOf), deadlineMs === undefined ? {} : { deadline_ms: deadlineMs });
    this.check({ do: 'wait', ms: 0 });
  }

  perform(happening: Happening): void {
    this.world.now = this.crew.lab.now;
    switch (happening.do) {
      case 'answer':
      case 'fail':
        this.#act(happening);
        break;
      case 'approve':
      case 'reject':
        this.#judge(happening);
        break;
      case 'wait':
        this.#wait(happening.ms);
        break;
      case 'retry': {
        const flow = this.#flow(happening.pick);
        // Mostly one that may be done again.
        const ended = flow.steps.filter(each => flow.mayRetry(each));
        const step = pickOf(ended.length > 0 && happening.at % 4 > 0 ? ended : flow.steps, happening.at);
        this.#steer(flow, flow.mayRetry(step), 'retry_step', { step: step.name }, () => flow.retry(step));
        break;
      }
      case 'cancel': {
        const flow = this.#flow(happening.pick);
        const isAgain = flow.outcome === 'cancelled';
        this.#steer(flow, flow.isLive || isAgain, 'cancel_workflow', { reason: '' }, () => {
          if (!isAgain) flow.stop('cancelled');
        });
        break;
      }
      case 'pause':
      case 'resume': {
        const flow = this.#flow(happening.pick);
        const how = happening.do === 'pause' ? 'pause' : 'resume';
        this.#steer(flow, flow.isLive, `${how}_workflow`, {}, () => flow[how]());
        break;
      }
      default:
        this.#come(happening.do, happening.who);
    }
    this.check(happening);
  }

  /** Answers all and lets time pass until every workflow has ended. */
  drive(): void {
    for (const who of [...this.#here.keys()]) this.perform({ do: 'return', who });
    for (const capability of ['x', 'y']) {
      const name = `Late${capability}`;
      const agent = this.crew.lab.register(name, { capabilities: [capability], credit: 256 });
      agent.attach();
      this.#here.set(name, agent);
    }
    const isOver = () => this.root.all().every(flow => flow.isOver);
    for (let rounds = 0; !isOver() && rounds < 1_000; rounds++) {
      const paused = this.root.all().findIndex(flow => flow.status === 'paused');
      if (paused >= 0) this.perform({ do: 'resume', pick: paused });
      else if (this.#asked().length > 0) this.perform({ do: 'approve', pick: 0, isOperator: true });
      else if (this.#offers().length > 0) this.perform({ do: 'answer', pick: 0, output: 1 });
      else this.perform({ do: 'wait', ms: 61_000 });
    }
    for (const row of this.crew.lab.rows('workflow_state')) expect(row['ended_at']).not.toBe(0); // I9
  }

  check(happening: Happening): void {
    const { lab } = this.crew;
    const rows = this.#stepRows();
    const states = new Map(lab.rows('workflow_state').map(row => [row['id'], row]));
    this.#ids = this.#identify(rows);
    expect(states.size).toBe(this.#ids.size);
    const places: [Row, ModelStep][] = [];
    for (const [flow, id] of this.#ids) {
      const own = rows.filter(row => row['workflow'] === id);
      expect(own.map(standOf)).toEqual(flow.steps.map(modelStandOf)); // I1
      expect(states.get(id)).toMatchObject({ status: flow.status, ended: flow.ended, total: own.length }); // I1, I6
      this.#checkVersion(id, own, states.get(id));
      own.forEach((row, at) => places.push([row, pickOf(flow.steps, at)]));
    }
    this.#checkTasks(places);
    this.#checkUndoing(places);
    for (const [row] of places) {
      const was = this.#before.get(row['id']);
      if (was && hasEnded(stateOf(was)) && happening.do !== 'retry') expect(row['state']).toBe(was['state']); // I5
    }
    this.#before = new Map(rows.map(row => [row['id'], row]));
  }

  #stepRows(): Row[] {
    return this.crew.lab.rows('step').sort((a, b) => Number(a['position']) - Number(b['position']));
  }

  /** Which workflow is which: nested ones by their steps, in the order of their beginning. */
  #identify(rows: readonly Row[]): Map<Flow, string> {
    // Rows come as they were inserted, and these are never changed.
    const nested = this.crew.lab.rows('workflow');
    const found = new Map<Flow, string>([[this.root, this.id]]);
    for (const [flow, id] of found) {
      const own = rows.filter(row => row['workflow'] === id);
      flow.steps.forEach((step, at) => {
        if (step.nests.length === 0) return;
        const ids = nested.filter(row => row['parent_step'] === own[at]?.['id']).map(row => String(row['id']));
        step.nests.forEach((nest, nth) => found.set(nest, ids[nth] ?? ''));
      });
    }
    return found;
  }

  #checkVersion(id: string, rows: readonly Row[], state: Row | undefined): void {
    const version = Number(state?.['version']);
    const isChanged = rows.some(row => JSON.stringify(row) !== JSON.stringify(this.#before.get(row['id'])));
    if (isChanged) expect(version).toBeGreaterThan(this.#versions.get(id) ?? -1); // I8
    this.#versions.set(id, version);
  }

  #checkTasks(places: readonly (readonly [Row, ModelStep])[]): void {
    const { lab } = this.crew;
    const under = new Set<unknown>();
    const asked = new Set<unknown>();
    const before = this.#tasks;
    this.#tasks = new Map(before);
    for (const [row, step] of places) {
      const message = row['message'];
      if (row['approval'] === 'asked') asked.add(message);
      if (row['undo'] === 'running') under.add(row['undo_message']);
      if (row['undo_message'] !== '') this.#tasks.set(row['undo_message'], { step, isUndo: true });
      if (row['state'] !== 'running' || message === '' || step.spec.nested) continue;
      under.add(message);
      this.#tasks.set(message, { step, isUndo: false });
      if (!before.has(message)) this.#checkNew(message, step);
    }
    const held = [...lab.rows('offer').filter(row => row['attempt'] !== 0), ...lab.rows('waiting')];
    const [tasks, questions] = [
      held.filter(row => this.#tasks.has(row['message'])),
      held.filter(row => !this.#tasks.has(row['message'])),
    ];
    expect(tasks.map(row => row['message']).sort()).toEqual([...under].sort()); // I3, I7
    for (const row of questions) expect(asked.has(row['message'])).toBe(true); // I7
  }

  #checkNew(message: unknown, step: ModelStep): void {
    const { parent, flow } = step;
    const joined = parent ?? step;
    const isFirst = !parent && step.tries === 1;
    if (isFirst) expect(flow.met(step)).toBeGreaterThanOrEqual(step.spec.need); // I2
    if (joined.spec.approval) expect(joined.approval).toBe('approved'); // I10
    const row = this.crew.lab.rows('message').find(each => each['id'] === message);
    const { task } = JSON.parse(String(row?.['payload'])) as { task: { inputs: unknown; index?: number } };
    expect(task.inputs).toEqual(Object.fromEntries(step.given)); // I4
    if (!parent) return;
    expect(task.index).toBe(parent.children.indexOf(step));
    const most = parent.spec.forEach?.concurrency ?? Infinity;
    const underWay = parent.children.filter(each => each.state === 'ready' || each.state === 'running');
    expect(underWay.length).toBeLessThanOrEqual(most); // I11
  }

  #checkUndoing(places: readonly (readonly [Row, ModelStep])[]): void {
    const done = places.filter(([row]) => row['state'] === 'succeeded' && !this.#done.includes(row['id']));
    this.#done.push(...done.sort(([a], [b]) => Number(a['order']) - Number(b['order'])).map(([row]) => row['id']));
    for (const [row] of places) {
      const was = this.#before.get(row['id']);
      if (row['undo'] === (was?.['undo'] ?? '')) continue;
      // Once, and never again.
      expect(['', 'running']).toContain(was?.['undo'] ?? ''); // I12
      const younger = places.filter(([other, step]) => {
        const isLater = this.#done.indexOf(other['id']) > this.#done.indexOf(row['id']);
        return isLater && other['workflow'] === row['workflow'] && step.spec.undo !== undefined;
      });
      for (const [other] of younger) expect(['done', 'failed']).toContain(other['undo']); // I13
    }
  }

  #flow(pick: number): Flow {
    return pickOf(this.root.all(), pick);
  }

  #offers(): Row[] {
    return this.crew.lab.rows('offer').filter(row => {
      return row['attempt'] !== 0 && row['kind'] === 'task' && this.#holder(row) !== undefined;
    });
  }
  #holder(row: Row): LabAgent | undefined {
    return [...this.#here.values()].find(agent => agent.id === row['agent']);
  }
  #asked(): ModelStep[] {
    return this.root.all().flatMap(flow => flow.steps.filter(step => step.approval === 'asked'));
  }

  #act(happening: Extract<Happening, { do: 'answer' | 'fail' }>): void {
    const offers = this.#offers();
    const row = offers[happening.pick % Math.max(1, offers.length)];
    const task = row && this.#tasks.get(row['message']);
    if (!row || !task) return;
    const { step, isUndo } = task;
    const act = { delivery: row['id'], attempt: row['attempt'] };
    const agent = this.#holder(row);
    if (happening.do === 'answer') {
      const output = { n: happening.output, list: Array.from({ length: happening.output }, (_, at) => at) };
      agent?.act({ FinishStep: { ...act, output: JSON.stringify(output) } });
      if (isUndo) step.flow.undone(step, true);
      else step.flow.answered(step, output);
      return;
    }
    const { retry } = happening;
    agent?.act({ FailStep: { ...act, error: 'broken', retry } });
    const isTriedByStep = !isUndo && step.spec.retries !== undefined;
    if (retry && !isTriedByStep && Number(row['attempt']) < 5) return;
    if (isUndo) step.flow.undone(step, false);
    else step.flow.failed(step, !retry);
  }

  #judge({ do: how, pick, isOperator }: Extract<Happening, { do: 'approve' | 'reject' }>): void {
    const steps = this.#asked();
    const step = steps[pick % Math.max(1, steps.length)];
    if (!step) return;
    const approver = this.#here.get(step.approver);
    const judge = isOperator || !approver ? this.crew.lab.owner : approver;
    const by = judge === approver ? step.approver : 'an operator';
    judge.call(`${how}_step`, { workflow: this.#ids.get(step.flow), step: step.name, comment: '' });
    if (how === 'approve') step.flow.approved(step, { approved: true, by, comment: '' });
    else step.flow.rejected(step);
  }

  #steer(
    flow: Flow,
    isLegal: boolean,
    reducer: string,
    more: Readonly<Record<string, unknown>>,
    tell: () => void,
  ): void {
    const args = { workflow: this.#ids.get(flow), ...more };
    if (!isLegal) expect(this.crew.lead.tryCall(reducer, args)).toBe('workflow/bad-move');
    else {
      this.crew.lead.call(reducer, args);
      tell();
    }
  }

  #come(how: 'leave' | 'return' | 'unregister', who: string): void {
    const agent = this.#here.get(who);
    if (!agent) return;
    if (how === 'leave') agent.leave();
    else if (how === 'return') agent.attach();
    else {
      const dead = this.#dead();
      agent.call('unregister_agent', { agent: agent.id });
      this.#bury(dead, () => true);
      this.world.gone.add(who);
      this.#here.delete(who);
    }
  }

  /** Slot by slot: the model says itself what is due in each, and is told only of deliveries that were given up. */
  #wait(ms: number): void {
    const { lab } = this.crew;
    const end = lab.now + BigInt(ms) * 1000n;
    for (let looks = 0; ; looks++) {
      if (looks > 10_000) throw new Error('time does not pass: a slot stays due');
      const slots = lab.rows('due_slot').map(row => BigInt(Number(row['slot'])));
      const slot = slots.sort((a, b) => Number(a - b))[0];
      if (slot === undefined || slot * SLOT > end) break;
      const due = lab.rows('due').filter(row => BigInt(String(row['chunk'])) >> 20n === slot);
      due.sort((a, b) => Number(a['id']) - Number(b['id']));
      const dead = this.#dead();
      lab.advance(Math.max(0, Number((slot * SLOT - lab.now) / 1000n)));
      // A host's timer may be late by a part of a millisecond.
      if (lab.rows('due_slot').some(row => BigInt(Number(row['slot'])) === slot)) lab.advance(1);
      this.world.now = slot * SLOT;
      for (const { kind, ref } of due) {
        if (OURS.test(String(kind))) expect(this.world.ring(slot, String(kind))).toBe(true);
        else this.#bury(dead, row => row['agent'] === ref || row['id'] === ref);
      }
    }
    lab.advance(Math.max(0, Number((end - lab.now) / 1000n)));
    this.world.now = lab.now;
  }

  #dead(): Set<unknown> {
    return new Set(this.#deadRows().map(row => row['id']));
  }
  #deadRows(): Row[] {
    return this.crew.lab.rows('ended').filter(row => row['state'] === 'dead');
  }
  #bury(known: Set<unknown>, isMeant: (row: Row) => boolean): void {
    for (const row of this.#deadRows()) {
      if (known.has(row['id']) || !isMeant(row)) continue;
      known.add(row['id']);
      const message = this.crew.lab.rows('message').find(each => each['id'] === row['message']);
      const task = this.#tasks.get(row['message']) ?? this.#taskOf(message);
      if (!task) continue;
      const { step, isUndo } = task;
      if (message?.['kind'] === 'message') step.flow.questionDied(step);
      else if (isUndo) step.flow.undone(step, false);
      else step.flow.failed(step, false);
    }
  }
  /** What a message is that was sent a moment ago, while time passed. */
  #taskOf(message: Row | undefined): Task | undefined {
    const rows = this.#stepRows();
    const row = rows.find(each => each['id'] === message?.['step']);
    const [flow] = [...this.#identify(rows)].find(([, id]) => id === row?.['workflow']) ?? [];
    const step = flow?.steps[Number(row?.['position'])];
    return step && { step, isUndo: String(message?.['payload']).includes('"compensates":true') };
  }
}

function definitionOf(spec: ModelSpec, at: number): Record<string, unknown> {
  const { agent, capability, nested, waitsFor, need, onFailure, retries, timeoutMs, when, approval, undo, forEach } =
    spec;
  return {
    id: `s${at}`,
    action: 'do',
    ...(agent !== undefined && { agent }),
    ...(capability !== undefined && { capability }),
    ...(nested && { workflow: { workflow_type: 'nested', steps: nested.map(definitionOf) } }),
    depends_on: waitsFor.map(each => `s${each}`),
    ...(need !== waitsFor.length && { join: need === 1 ? 'any' : { at_least: need } }),
    on_failure: onFailure,
    ...(retries && { retries: { attempts: retries.attempts, backoff_ms: retries.backoffMs } }),
    ...(timeoutMs !== undefined && { timeout_ms: timeoutMs }),
    ...(approval && { approval: { by: approval.by, timeout_ms: approval.timeoutMs, escalate_to: approval.next } }),
    ...(undo && { compensate: { action: 'undo', agent: undo.agent, timeout_ms: undo.timeoutMs } }),
    ...(forEach && { for_each: { step: `s${forEach.at}`, path: 'list', concurrency: forEach.concurrency } }),
    ...(when && {
      when: {
        step: `s${when.at}`,
        ...(when.status !== undefined && { status: when.status }),
        ...(when.equals !== undefined && { output: { path: 'n', equals: when.equals } }),
      },
    }),
  };
}

function standOf(row: Row): string {
  const place = hasEnded(stateOf(row)) ? row['order'] : 0;
  return [row['name'], row['state'], row['tries'], row['approval'], row['undo'], place].map(String).join(' ');
}
function modelStandOf(step: ModelStep): string {
  const { name, state, tries, approval, undo, flow } = step;
  return [name, state, tries, approval, undo, flow.placeOf(step)].map(String).join(' ');
}
function stateOf(row: Row): { readonly state: string } {
  return { state: String(row['state']) };
}
function pickOf<T>(list: readonly T[], pick: number): T {
  const found = list[pick % list.length];
  if (found === undefined) throw new Error('there is nothing to pick from');
  return found;
}
