// Performs commands on a tree of workflows in a database without a socket, and on its model, and compares both after each.

import { expect } from 'vitest';
import type { Team } from '../../support/team.ts';
import type { LabAgent, ModuleLab, Row } from '../../support/module-lab.ts';
import type { Command } from './commands.ts';
import { definitionOf } from './definition.ts';
import { WorkflowInvariants } from './invariants.ts';
import { ModelClock, SLOT_MICROS } from './model-clock.ts';
import { ModelMapping } from './model-mapping.ts';
import type { ModelSpec, ModelStep } from './model-step.ts';
import { ModelWorkflow } from './model-workflow.ts';

/** Kinds of timers that the model has too. */
const WORKFLOW_TIMERS = /^(step-|workflow-deadline$|approval$|approver$)/;

/** A tree of workflows and its model. */
export class WorkflowScene {
  readonly #crew: Team;
  readonly #lab: ModuleLab;
  readonly #clock: ModelClock;
  readonly #root: ModelWorkflow;
  readonly #mapping: ModelMapping;
  readonly #invariants: WorkflowInvariants;
  /** Agents that took the name of an unregistered worker: they inherit nothing. */
  readonly #strangers: LabAgent[] = [];
  /** Registered workers by name. */
  readonly #agents = new Map<string, LabAgent>();

  constructor(team: Team, workers: readonly string[], specs: readonly ModelSpec[], deadlineMs: number | undefined) {
    this.#crew = team;
    this.#lab = team.lab;
    for (const name of workers) this.#agents.set(name, team.worker(name));
    this.#clock = new ModelClock(team.lab.now);
    this.#root = new ModelWorkflow(this.#clock, specs, deadlineMs);
    this.#root.release();
    const id = team.start(specs.map(definitionOf), deadlineMs === undefined ? {} : { deadline_ms: deadlineMs });
    this.#mapping = new ModelMapping(team.lab, this.#root, id);
    this.#invariants = new WorkflowInvariants(team.lab, this.#mapping);
    this.#finishJobs();
    this.#invariants.check({ do: 'wait', ms: 0 });
  }

  /** Performs a command on both and compares them. */
  perform(command: Command): void {
    this.#clock.now = this.#lab.now;
    switch (command.do) {
      case 'answer':
      case 'fail':
        this.#endTask(command);
        break;
      case 'approve':
      case 'reject':
        this.#decideApproval(command);
        break;
      case 'wait':
        this.#wait(command.ms);
        break;
      case 'retry': {
        const workflow = this.#workflow(command.pick);
        // Most often a step that may be retried.
        const ended = workflow.steps.filter(each => workflow.mayRetry(each));
        const step = pickOf(ended.length > 0 && command.at % 4 > 0 ? ended : workflow.steps, command.at);
        this.#steer(workflow, workflow.mayRetry(step), 'retry_step', { step: step.name }, () => workflow.retry(step));
        break;
      }
      case 'cancel': {
        const workflow = this.#workflow(command.pick);
        const isAgain = workflow.outcome === 'cancelled';
        this.#steer(workflow, workflow.isLive || isAgain, 'cancel_workflow', { reason: '' }, () => {
          if (!isAgain) workflow.stop('cancelled');
        });
        break;
      }
      case 'pause':
      case 'resume': {
        const workflow = this.#workflow(command.pick);
        const how = command.do === 'pause' ? 'pause' : 'resume';
        this.#steer(workflow, workflow.isLive, `${how}_workflow`, {}, () => workflow[how]());
        break;
      }
      default:
        this.#changePresence(command.do, command.who);
    }
    this.#finishJobs();
    this.#invariants.check(command);
    for (const stranger of this.#strangers) expect(stranger.inbox()).toEqual([]); // I14
  }

  /** Lets time pass until no workflow has work left from earlier calls. */
  #finishJobs(): void {
    for (let rounds = 0; this.#lab.rows('workflow_state').some(row => row['jobs'] !== ''); rounds++) {
      if (rounds > 5_000) throw new Error('the jobs of a workflow do not end');
      this.#wait(250);
    }
  }

  /** Answers all tasks and lets time pass until every workflow has ended. */
  drive(): void {
    for (const who of [...this.#agents.keys()]) this.perform({ do: 'return', who });
    for (const capability of ['x', 'y']) {
      const name = `Late${capability}`;
      const agent = this.#lab.register(name, { capabilities: [capability], credit: 256 });
      agent.attach();
      this.#agents.set(name, agent);
    }
    const isOver = () => this.#root.all().every(workflow => workflow.isOver);
    for (let rounds = 0; !isOver() && rounds < 1_000; rounds++) {
      const paused = this.#root.all().findIndex(workflow => workflow.status === 'paused');
      if (paused >= 0) this.perform({ do: 'resume', pick: paused });
      else if (this.#asked().length > 0) this.perform({ do: 'approve', pick: 0, isOperator: true });
      else if (this.#offers().length > 0) this.perform({ do: 'answer', pick: 0, output: 1 });
      else this.perform({ do: 'wait', ms: 61_000 });
    }
    for (const row of this.#lab.rows('workflow_state')) expect(row['ended_at']).not.toBe(0); // I9
  }

  #workflow(pick: number): ModelWorkflow {
    return pickOf(this.#root.all(), pick);
  }

  #offers(): Row[] {
    return this.#lab.rows('offer').filter(row => {
      return row['attempt'] !== 0 && row['kind'] === 'task' && this.#holder(row) !== undefined;
    });
  }
  #holder(row: Row): LabAgent | undefined {
    return [...this.#agents.values()].find(agent => agent.id === row['agent']);
  }
  #asked(): ModelStep[] {
    return this.#root.all().flatMap(workflow => workflow.steps.filter(step => step.approval === 'asked'));
  }

  #endTask(command: Extract<Command, { do: 'answer' | 'fail' }>): void {
    const offers = this.#offers();
    const row = offers[command.pick % Math.max(1, offers.length)];
    const task = row && this.#mapping.taskOf(row['message']);
    if (!row || !task) return;
    const { step, isUndo } = task;
    const act = { delivery: row['id'], attempt: row['attempt'] };
    const agent = this.#holder(row);
    if (command.do === 'answer') {
      const output = { n: command.output, list: Array.from({ length: command.output }, (_, at) => at) };
      agent?.act({ FinishStep: { ...act, output: JSON.stringify(output) } });
      if (isUndo) step.workflow.undone(step, true);
      else step.workflow.answered(step, output);
      return;
    }
    const { retry } = command;
    agent?.act({ FailStep: { ...act, error: 'broken', retry } });
    const isTriedByStep = !isUndo && step.spec.retries !== undefined;
    if (retry && !isTriedByStep && Number(row['attempt']) < 5) return;
    if (isUndo) step.workflow.undone(step, false);
    else step.workflow.failed(step, !retry);
  }

  #decideApproval({ do: how, pick, isOperator }: Extract<Command, { do: 'approve' | 'reject' }>): void {
    const steps = this.#asked();
    const step = steps[pick % Math.max(1, steps.length)];
    if (!step) return;
    const approver = this.#agents.get(step.approver);
    const decider = isOperator || !approver ? this.#lab.owner : approver;
    const by = decider === approver ? step.approver : 'an operator';
    decider.call(`${how}_step`, { workflow: this.#mapping.ids.get(step.workflow), step: step.name, comment: '' });
    if (how === 'approve') step.workflow.approved(step, { approved: true, by, comment: '' });
    else step.workflow.rejected(step);
  }

  #steer(
    workflow: ModelWorkflow,
    isLegal: boolean,
    reducer: string,
    more: Readonly<Record<string, unknown>>,
    apply: () => void,
  ): void {
    const args = { workflow: this.#mapping.ids.get(workflow), ...more };
    if (!isLegal) expect(this.#crew.lead.tryCall(reducer, args)).toBe('workflow/bad-move');
    else {
      this.#crew.lead.call(reducer, args);
      apply();
    }
  }

  #changePresence(how: 'leave' | 'return' | 'unregister', who: string): void {
    const agent = this.#agents.get(who);
    if (!agent) return;
    if (how === 'leave') agent.leave();
    else if (how === 'return') agent.attach();
    else {
      const dead = this.#dead();
      agent.call('unregister_agent', { agent: agent.id });
      this.#applyDeadLetters(dead, () => true);
      this.#clock.unregistered.add(who);
      this.#agents.delete(who);
      const stranger = this.#lab.register(who);
      stranger.attach();
      this.#strangers.push(stranger);
    }
  }

  /** Advances time slot by slot. The model fires its own timers; dead letters are read from the database. */
  #wait(ms: number): void {
    const lab = this.#lab;
    const end = lab.now + BigInt(ms) * 1000n;
    for (let rounds = 0; ; rounds++) {
      if (rounds > 10_000) throw new Error('time does not advance: a slot stays due');
      const slots = lab.rows('due_slot').map(row => BigInt(Number(row['slot'])));
      const slot = slots.sort((a, b) => Number(a - b))[0];
      if (slot === undefined || slot * SLOT_MICROS > end) break;
      const due = lab.rows('due').filter(row => BigInt(String(row['chunk'])) >> 20n === slot);
      due.sort((a, b) => Number(a['id']) - Number(b['id']));
      const dead = this.#dead();
      lab.advance(Math.max(0, Number((slot * SLOT_MICROS - lab.now) / 1000n)));
      // A timer of the host may be a part of a millisecond late.
      if (lab.rows('due_slot').some(row => BigInt(Number(row['slot'])) === slot)) lab.advance(1);
      this.#clock.now = slot * SLOT_MICROS;
      for (const { kind, ref } of due) {
        if (WORKFLOW_TIMERS.test(String(kind))) expect(this.#clock.fire(slot, String(kind))).toBe(true);
        else this.#applyDeadLetters(dead, row => row['agent'] === ref || row['id'] === ref);
      }
    }
    lab.advance(Math.max(0, Number((end - lab.now) / 1000n)));
    this.#clock.now = lab.now;
  }

  #dead(): Set<unknown> {
    return new Set(this.#deadRows().map(row => row['id']));
  }
  #deadRows(): Row[] {
    return this.#lab.rows('ended').filter(row => row['state'] === 'dead');
  }
  /** Applies dead letters that are not in `known` to the model, and adds them to it. */
  #applyDeadLetters(known: Set<unknown>, isMeant: (row: Row) => boolean): void {
    for (const row of this.#deadRows()) {
      if (known.has(row['id']) || !isMeant(row)) continue;
      known.add(row['id']);
      const message = this.#lab.rows('message').find(each => each['id'] === row['message']);
      const task = this.#mapping.taskOf(row['message']);
      if (!task) continue;
      const { step, isUndo } = task;
      if (message?.['kind'] === 'message') step.workflow.questionDied(step);
      else if (isUndo) step.workflow.undone(step, false);
      else step.workflow.failed(step, false);
    }
  }
}

function pickOf<T>(list: readonly T[], pick: number): T {
  const found = list[pick % list.length];
  if (found === undefined) throw new Error('the list to pick from is empty');
  return found;
}
