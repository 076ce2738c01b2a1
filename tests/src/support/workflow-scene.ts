// One workflow in a database without a socket, and its model: every happening is told to both, and both are compared.

import { expect } from 'vitest';
import type { Crew } from './crew.ts';
import type { LabAgent, Row } from './module-lab.ts';
import { hasEnded, WorkflowModel, type ModelSpec } from './workflow-model.ts';

const SLOT = 250_000n;

/** What may happen to a workflow. */
export type Happening =
  | { readonly do: 'answer'; readonly pick: number; readonly output: number }
  | { readonly do: 'fail'; readonly pick: number; readonly retry: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'pause' | 'resume' | 'cancel' }
  | { readonly do: 'retry'; readonly pick: number }
  | { readonly do: 'leave' | 'return' | 'unregister'; readonly who: string };

/** A workflow and its model. */
export class WorkflowScene {
  readonly crew: Crew;
  readonly model: WorkflowModel;
  readonly id: string;
  readonly #here = new Map<string, LabAgent>();
  #rows: readonly Row[] = [];
  #seen = new Map<unknown, number>();
  #version = -1;

  constructor(crew: Crew, workers: readonly string[], specs: readonly ModelSpec[], deadlineMs: number | undefined) {
    this.crew = crew;
    for (const name of workers) this.#here.set(name, crew.worker(name));
    this.model = new WorkflowModel(specs, deadlineMs, crew.lab.now);
    this.id = crew.start(specs.map(definitionOf), deadlineMs === undefined ? {} : { deadline_ms: deadlineMs });
    this.check({ do: 'wait', ms: 0 });
  }

  perform(happening: Happening): void {
    const { model } = this;
    model.now = this.crew.lab.now;
    switch (happening.do) {
      case 'answer':
      case 'fail':
        this.#act(happening);
        break;
      case 'wait':
        this.#wait(happening.ms);
        break;
      case 'retry': {
        const at = happening.pick % model.steps.length;
        this.#steer(model.mayRetry(at), 'retry_step', { step: `s${at}` }, () => model.retry(at));
        break;
      }
      case 'cancel':
        this.#steer(model.isLive || model.status === 'cancelled', 'cancel_workflow', { reason: '' }, () =>
          model.cancel(),
        );
        break;
      case 'pause':
      case 'resume':
        this.#steer(model.isLive, `${happening.do}_workflow`, {}, () => model[happening.do]());
        break;
      default:
        this.#come(happening.do, happening.who);
    }
    this.check(happening);
  }

  /** Answers all and lets time pass until the workflow has ended. */
  drive(): void {
    for (const who of this.#here.keys()) this.perform({ do: 'return', who });
    this.perform({ do: 'resume' });
    for (const capability of ['x', 'y']) {
      const name = `Late${capability}`;
      const agent = this.crew.lab.register(name, { capabilities: [capability], credit: 256 });
      agent.attach();
      this.#here.set(name, agent);
    }
    for (let rounds = 0; this.model.isLive && rounds < 200; rounds++) {
      const isOffered = this.#offers().length > 0;
      this.perform(isOffered ? { do: 'answer', pick: 0, output: 1 } : { do: 'wait', ms: 61_000 });
    }
    expect(this.crew.summary(this.id)['ended_at']).not.toBe(0);
  }

  check(happening: Happening): void {
    const { lab } = this.crew;
    const before = this.#rows;
    this.#rows = lab.rows('step').sort((a, b) => Number(a['position']) - Number(b['position']));
    const summary = this.crew.summary(this.id);
    const of = (each: { readonly state: unknown; readonly tries: unknown }) =>
      `${String(each.state)} ${String(each.tries)}`;
    expect(this.#rows.map(row => of({ state: row['state'], tries: row['tries'] }))).toEqual(this.model.steps.map(of));
    expect(summary).toMatchObject({ status: this.model.status, ended: this.model.ended }); // I1, I6
    const isChanged = this.#rows.some((row, at) => JSON.stringify(row) !== JSON.stringify(before[at]));
    if (isChanged) expect(Number(summary['version'])).toBeGreaterThan(this.#version); // I8
    this.#version = Number(summary['version']);
    const held = [...lab.rows('offer').filter(row => row['attempt'] !== 0), ...lab.rows('waiting')];
    const running = this.#rows.filter(row => row['state'] === 'running');
    expect(held.map(row => row['message']).sort()).toEqual(running.map(row => row['message']).sort()); // I3, I7
    this.#rows.forEach((row, at) => {
      const was = stateOf(before[at]);
      if (hasEnded({ state: was }) && happening.do !== 'retry') expect(row['state']).toBe(was); // I5
      if (row['state'] === 'running' && !this.#seen.has(row['message'])) this.#checkNew(row, at);
    });
  }

  #checkNew(row: Row, at: number): void {
    const step = this.model.step(at);
    this.#seen.set(row['message'], at);
    if (step.tries === 1) expect(this.model.met(step)).toBeGreaterThanOrEqual(step.need); // I2
    const message = this.crew.lab.rows('message').find(each => each['id'] === row['message']);
    const { task } = JSON.parse(String(message?.['payload'])) as { task: { inputs: unknown } };
    const given = [...step.given].map(([from, output]) => [`s${from}`, output === null ? null : { n: output }]);
    expect(task.inputs).toEqual(Object.fromEntries(given)); // I4
  }

  #offers(): Row[] {
    return this.crew.lab.rows('offer').filter(row => row['attempt'] !== 0 && this.#holder(row) !== undefined);
  }
  #holder(row: Row): LabAgent | undefined {
    return [...this.#here.values()].find(agent => agent.id === row['agent']);
  }

  #act(happening: Extract<Happening, { do: 'answer' | 'fail' }>): void {
    const offers = this.#offers();
    const row = offers[happening.pick % Math.max(1, offers.length)];
    const at = row && this.#seen.get(row['message']);
    if (!row || at === undefined) return;
    const act = { delivery: row['id'], attempt: row['attempt'] };
    const agent = this.#holder(row);
    if (happening.do === 'answer') {
      agent?.act({ FinishStep: { ...act, output: JSON.stringify({ n: happening.output }) } });
      this.model.answered(at, happening.output);
    } else {
      agent?.act({ FailStep: { ...act, error: 'broken', retry: happening.retry } });
      if (!happening.retry || Number(row['attempt']) === 5) this.model.failed(at);
    }
  }

  #steer(isLegal: boolean, reducer: string, more: Readonly<Record<string, unknown>>, tell: () => void): void {
    const args = { workflow: this.id, ...more };
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
      this.model.gone.add(who);
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
      this.model.now = slot * SLOT;
      for (const { kind, ref } of due) {
        if (/^(step|workflow)-/.test(String(kind))) expect(this.model.ring(slot, String(kind))).toBe(true);
        else this.#bury(dead, row => row['agent'] === ref || row['id'] === ref);
      }
    }
    lab.advance(Math.max(0, Number((end - lab.now) / 1000n)));
    this.model.now = lab.now;
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
      // It may have been assigned a moment ago, while time passed.
      const message = this.crew.lab.rows('message').find(each => each['id'] === row['message']);
      const at = this.#rows.findIndex(each => each['id'] === message?.['step']);
      if (at >= 0) this.model.failed(at);
    }
  }
}

function definitionOf(spec: ModelSpec, at: number): Record<string, unknown> {
  const { agent, capability, waitsFor, need, onFailure, attempts, backoffMs, timeoutMs, when } = spec;
  return {
    id: `s${at}`,
    action: 'do',
    ...(agent === undefined ? { capability } : { agent }),
    depends_on: waitsFor.map(each => `s${each}`),
    ...(need === waitsFor.length ? {} : { join: need === 1 ? 'any' : { at_least: need } }),
    on_failure: onFailure,
    ...(attempts === 0 ? {} : { retries: { attempts, backoff_ms: backoffMs } }),
    ...(timeoutMs === undefined ? {} : { timeout_ms: timeoutMs }),
    ...(when && {
      when: {
        step: `s${when.at}`,
        ...(when.status === undefined ? {} : { status: when.status }),
        ...(when.equals === undefined ? {} : { output: { path: 'n', equals: when.equals } }),
      },
    }),
  };
}

function stateOf(row: Row | undefined): string {
  const state = row?.['state'];
  return typeof state === 'string' ? state : 'pending';
}
