// Calls about events and workflows.

import { isObject } from '../base/is-object.ts';
import { currentTrace } from '../base/trace-context.ts';
import { performUntil, untilAborted, type WaitOptions } from '../base/waiting.ts';
import type { EventRequest } from '../client-types.ts';
import type { EventHandler, EventSubscription } from '../events/event-subscription.ts';
import type { EventOptions, OutgoingEvent } from '../events/events.ts';
import type { EventsMatching, EventTypeName } from '../wire/message-types.ts';
import type { WorkflowDefinition } from '../workflows/workflow-definition.ts';
import type { WorkflowHandle } from '../workflows/workflow-handle.ts';
import type { ListedWorkflow, WorkflowListRequest } from '../workflows/workflow-list.ts';
import type { StartOptions } from '../workflows/workflows.ts';
import { partsOf } from './client-base.ts';
import { checkEvent, checkEventRequest, checkStart } from './known-options.ts';
import { ReceiveCalls } from './receive-calls.ts';

/** Publishes events, subscribes to them, and coordinates workflows. */
export abstract class WorkflowCalls<Types> extends ReceiveCalls<Types> {
  /**
   * Subscribes to events: exact types, a first segment with a wildcard (`build.*`), or all. Each event comes once and in
   * order, also across a reconnect. The handler is set here or for all subscriptions with `onEvent`; without one the
   * subscription is a loop. `from` starts at a stored event, `until` ends it.
   *
   * Throws `event/bad-filter`, `event/expired`, `event/ahead`.
   *
   * @example
   * ```ts
   * await client.subscribeToEvents(['build.*'], { handler: event => console.log(event.type, event.data) });
   * ```
   * @example A loop over all stored events
   * ```ts
   * for await (const event of await client.subscribeToEvents([], { from: 1, until: 'now' })) console.log(event.seq);
   * ```
   */
  async subscribeToEvents<const Filter extends string = string>(
    types: Filter | readonly Filter[] | EventRequest<Filter, Types> = {},
    options: EventOptions<EventsMatching<Filter, Types>, Types> = {},
  ): Promise<EventSubscription<EventsMatching<Filter, Types>, Types>> {
    const request = typeof types === 'string' ? { eventTypes: [types] } : isList(types) ? { eventTypes: types } : types;
    checkEventRequest(request as EventRequest, options as EventOptions);
    const { eventTypes = [], handler, from, until, signal } = { ...request, ...options };
    const asked = { handler: handler as EventHandler | undefined, from, until, signal }; // it gets only matching types
    const subscription: unknown = await partsOf(this).events.subscribe(eventTypes, asked);
    return subscription as EventSubscription<EventsMatching<Filter, Types>, Types>; // likewise
  }

  /** Sets the handler of all event subscriptions without one; an event that several match is handled once. */
  onEvent(handler: EventHandler): void {
    partsOf(this).events.onEvent(handler);
  }

  /**
   * Publishes an event to all subscribers. Resolves to its id once the hub has accepted it. Throws `event/bad-type`,
   * `event/reserved-type`, `event/bad-data`, `quota/rate`.
   *
   * @example
   * ```ts
   * const { eventId } = await client.publishEvent({ eventType: 'build.failed', data: { target: 'docs' } });
   * ```
   */
  publishEvent<const Type extends EventTypeName<Types>>(
    event: OutgoingEvent<Type, Types>,
  ): Promise<{ readonly eventId: string }> {
    checkEvent(event);
    return partsOf(this).events.publish(event);
  }

  /**
   * Starts a workflow and watches it. The definition is an object with keys in snake_case or camelCase, or YAML or JSON text. Throws
   * `workflow/bad-definition` with every fault and its step. With an `id` of the caller (`createId()`) a start may be repeated.
   *
   * @example
   * ```ts
   * const workflow = await client.startWorkflowCoordination({
   *   workflowType: 'documentation',
   *   steps: [
   *     { agent: 'Writer', action: 'write_docs', requirements: { title: 'intro' } },
   *     { capability: 'review', action: 'review_docs', dependsOn: ['write_docs'], retries: { attempts: 2 } },
   *   ],
   * });
   * const { status, outputs } = await workflow.result({ timeoutMs: 600_000 });
   * ```
   */
  async startWorkflowCoordination(
    given: WorkflowDefinition | string,
    options: StartOptions = {},
  ): Promise<WorkflowHandle> {
    const { tracing, types, workflows } = partsOf(this);
    checkStart(options);
    const { id, claim, metadata, signal } = options;
    // Few pages start workflows, so the check of definitions is loaded on first use.
    const definitions = await import('../workflows/workflow-definition.ts');
    const { definitionText, readDefinition, tracedDefinition, typeOf } = definitions;
    // `start` checks the whole definition, and reports all its faults together.
    const source = typeof given === 'string' ? await readDefinition(given) : undefined;
    const read = (source?.definition ?? given) as WorkflowDefinition;
    if (!isObject(read)) definitionText(read, { more: source?.faults, located: source?.located });
    const definition = metadata ? { ...read, metadata: { ...read.metadata, ...metadata } } : read;
    const typed = await untilAborted(signal, types.stepFaults(definition));
    const faults = { more: [...(source?.faults ?? []), ...typed], located: source?.located };
    const start = (trace = currentTrace()) =>
      workflows.start(tracedDefinition(definition, trace), { ...faults, id, claim }, definitions);
    const { spans } = tracing;
    return untilAborted(signal, spans ? spans.workflow(typeOf(definition), start) : start());
  }

  /**
   * Watches a workflow by its id: for its initiator, its participants and operators. Throws `workflow/unknown`,
   * `workflow/too-many-watchers`.
   *
   * @example
   * ```ts
   * await using workflow = await client.workflow('0198d5c8-0000-7000-8000-000000000000');
   * console.log(workflow.status().status, await workflow.whyWaiting());
   * ```
   */
  workflow(id: string, options: WaitOptions = {}): Promise<WorkflowHandle> {
    return performUntil(options, () => partsOf(this).workflows.follow(id));
  }

  /**
   * Yields the workflows of the hub, newest first, also those of other agents.
   *
   * @example
   * ```ts
   * for await (const { workflowId, status } of client.listWorkflows({ status: 'running' })) console.log(workflowId, status);
   * ```
   */
  listWorkflows(request: WorkflowListRequest = {}): AsyncIterable<ListedWorkflow> {
    return partsOf(this).workflows.list(request);
  }

  /**
   * Approves a step that waits for the approval of this agent. Throws `workflow/no-approval`, `workflow/unknown-step`.
   *
   * @example
   * ```ts
   * await client.approveStep('0198d5c8-0000-7000-8000-000000000000', 'publish', 'looks good');
   * ```
   */
  approveStep(workflowId: string, step: string, comment = '', options: WaitOptions = {}): Promise<void> {
    return performUntil(options, () => partsOf(this).workflows.approve(workflowId, step, comment));
  }

  /**
   * Rejects a step that waits for the approval of this agent, which fails the step. Throws `workflow/no-approval`.
   *
   * @example
   * ```ts
   * await client.rejectStep('0198d5c8-0000-7000-8000-000000000000', 'publish', 'the links are broken');
   * ```
   */
  rejectStep(workflowId: string, step: string, comment = '', options: WaitOptions = {}): Promise<void> {
    return performUntil(options, () => partsOf(this).workflows.reject(workflowId, step, comment));
  }
}

/** `Array.isArray` loses the element type of a readonly list. */
function isList<T extends string>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}
