// Validates outgoing and received values by the schemas of their types: those of the client's options and those of the seven
// standard types. A synchronous schema costs no promise, so that the messages of one tick stay in one call.

import { TYPE_NAME } from '@agora/module/contract';
import type { Answer } from '../wire/answer.ts';
import { AgoraError, textOf } from '../base/errors.ts';
import { isObject } from '../base/is-object.ts';
import { misspellingOf } from '../base/nearest-names.ts';
import type { AgoraTypes, MessageTypeSchemas, Schema, TaskSchemas } from '../wire/message-types.ts';
import { faultOf, isStandardType, MESSAGE_SCHEMAS } from '../wire/standard-messages.ts';
import { isPromiseLike } from '../base/waiting.ts';
import { taskPayloadOf } from './tasks.ts';
import type { AnswerCheck, IncomingMessage } from './incoming-message.ts';

/** Output of a schema, or its faults, each with its path. */
export type Read = { readonly value: unknown; readonly fault?: undefined } | { readonly fault: string };

/** A value, or a promise of it for an async schema. */
export type MaybePromise<T> = T | Promise<T>;

/** Reads a value through a schema of any library; `where` is the root of the paths in faults. */
export function readThrough(schema: Schema, value: unknown, where: string): MaybePromise<Read> {
  try {
    const result = schema['~standard'].validate(value);
    if (!isPromiseLike(result)) return readOf(result, where);
    return Promise.resolve(result)
      .then(later => readOf(later, where))
      .catch((error: unknown) => ({ fault: `${where}: ${textOf(error)}` }));
  } catch (error) {
    return { fault: `${where}: ${textOf(error)}` };
  }
}

function readOf(result: Awaited<ReturnType<Schema['~standard']['validate']>>, where: string): Read {
  if (!result.issues) return { value: result.value };
  const faults = result.issues.map(({ path = [], message }) => {
    const keys = path.map(each => String(typeof each === 'object' ? each.key : each));
    return `${[where, ...keys].join('.')}: ${message}`;
  });
  return { fault: faults.join('; ') };
}

function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => U): MaybePromise<U> {
  return isPromiseLike(value) ? value.then(next) : next(value);
}

/** How many undeclared types are remembered. */
const MAX_SEEN = 1_000;

/** The declared types of one client. */
export class CheckedTypes {
  readonly #messages: ReadonlyMap<string, MessageTypeSchemas>;
  readonly #tasks: ReadonlyMap<string, TaskSchemas>;
  readonly #events: ReadonlyMap<string, Schema>;

  readonly #warn: (error: AgoraError) => void;
  /** Undeclared types that were looked at already. */
  readonly #seen = new Set<string>();

  /** Throws `client/bad-option` for an invalid type name or schema. */
  constructor(
    { messages = {}, tasks = {}, events = {} }: AgoraTypes = {},
    warn: (error: AgoraError) => void = () => undefined,
  ) {
    this.#warn = warn;
    this.#messages = new Map(Object.entries(messages));
    this.#tasks = new Map(Object.entries(tasks));
    this.#events = new Map(Object.entries(events));
    for (const [type, { payload, answer }] of this.#messages) checkDeclared(type, { payload, answer });
    for (const [, { requirements, inputs, output }] of this.#tasks) checkSchemas({ requirements, inputs, output });
    for (const [type, data] of this.#events) checkDeclared(type, { data });
  }

  /** Checks an outgoing payload. Throws `message/bad-payload`; returns a promise only for an async schema. */
  checkPayload(type: string, payload: unknown, text: string): Promise<void> | undefined {
    const own = this.#messages.get(type);
    if (!own) {
      this.noteType(type);
      return refuseFault(faultOf(type, payload), 'message/bad-payload', type);
    }
    return own.payload && this.#check(own.payload, text, 'payload', 'message/bad-payload', type);
  }

  /** Warns once of a type that is neither declared nor a standard one, but nearly has the name of one. */
  noteType(type: string): void {
    if (this.#messages.has(type) || isStandardType(type) || this.#seen.has(type)) return;
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.add(type);
    const near = misspellingOf(type, [...this.#messages.keys(), ...Object.keys(MESSAGE_SCHEMAS)]);
    if (near === undefined) return;
    const sentence = `no message type "${type}" is declared; did you mean "${near}"?`;
    this.#warn(new AgoraError('client/unknown-type', sentence));
  }

  /** Checks the data of an outgoing event. Throws `event/bad-data`. */
  checkEventData(type: string, text: string): Promise<void> | undefined {
    const data = this.#events.get(type);
    return data && this.#check(data, text, 'data', 'event/bad-data', type);
  }

  /** Reads a received message and sets the check of its answer. Returns the fault, if there is one. */
  readMessage(message: IncomingMessage): MaybePromise<string | undefined> {
    if (message.kind === 'task') return this.#readTask(message);
    const own = this.#messages.get(message.type);
    if (own?.answer && message.kind === 'ask') message.checkAnswers(this.#answerCheck(own.answer, message.type));
    // The reply to a handler that asked back has no declared type.
    if (message.continues !== undefined) return undefined;
    if (!own) return faultOf(message.type, message.payload);
    const { payload } = own;
    if (!payload) return undefined;
    return andThen(readThrough(payload, message.payload, 'payload'), read => {
      if (read.fault === undefined) message.readAs(read.value);
      return read.fault;
    });
  }

  /** Returns a reader of the answers to asks of a type; undefined if they are any JSON. */
  answerReader(type: string): ((answer: Answer) => MaybePromise<Answer>) | undefined {
    const schema = this.#messages.get(type)?.answer;
    if (!schema) return undefined;
    return answer => {
      if (answer.status !== 'success') return answer;
      return andThen(readThrough(schema, answer.data, 'answer'), read => {
        if (read.fault === undefined) return { ...answer, data: read.value };
        const sentence = `the answer of "${answer.from}" is not a valid answer to a ${type}: ${read.fault}`;
        throw new AgoraError('delivery/bad-answer', sentence, { cause: answer });
      });
    };
  }

  /** Returns a reader of the data of events of a type; undefined if it is any JSON. */
  eventReader(type: string): ((data: unknown) => MaybePromise<Read>) | undefined {
    const schema = this.#events.get(type);
    return schema && (data => readThrough(schema, data, 'data'));
  }

  /** Returns the faults of the requirements of all steps. */
  async stepFaults(definition: unknown): Promise<string[]> {
    const faults: string[] = [];
    if (this.#tasks.size > 0) await this.#collectFaults(definition, faults);
    return faults;
  }

  async #collectFaults(definition: unknown, faults: string[]): Promise<void> {
    const steps: unknown = isObject(definition) ? definition['steps'] : undefined;
    if (!Array.isArray(steps)) return;
    for (const step of steps) {
      if (!isObject(step)) continue;
      const { action, requirements = {}, workflow, id = action } = step;
      if (workflow !== undefined) await this.#collectFaults(workflow, faults);
      const schema = typeof action === 'string' ? this.#tasks.get(action)?.requirements : undefined;
      if (!schema) continue;
      const { fault } = await readThrough(schema, wireForm(requirements), 'requirements');
      if (fault !== undefined) faults.push(`step "${String(id)}", ${fault}`);
    }
  }

  #readTask(message: IncomingMessage): MaybePromise<string | undefined> {
    const task = taskPayloadOf(message);
    const schemas = task && this.#tasks.get(task.action);
    if (!task || !schemas) return faultOf(message.type, message.payload);
    const { requirements, inputs, output } = schemas;
    if (output) message.checkAnswers(this.#answerCheck(output, task.action));
    const reads: MaybePromise<Read>[] = [
      requirements ? readThrough(requirements, task.requirements, 'requirements') : { value: task.requirements },
      // Omitted inputs are read from the workflow.
      inputs && task.inputs_omitted !== true ? readThrough(inputs, task.inputs, 'inputs') : { value: task.inputs },
    ];
    const put = ([required, given]: readonly Read[]) => {
      const faults = [required?.fault, given?.fault].filter(each => each !== undefined);
      if (faults.length > 0) return faults.join('; ');
      const [is, was] = [required, given].map(each => each && 'value' in each && each.value);
      message.readAs({ task: { ...task, requirements: is, inputs: was } });
      return undefined;
    };
    if (!reads.some(isPromiseLike)) return put(reads as Read[]); // none of them is a promise
    return Promise.all(reads.map(each => Promise.resolve(each))).then(put);
  }

  #answerCheck(schema: Schema, type: string): AnswerCheck {
    return text => this.#check(schema, text, 'answer', 'delivery/bad-answer', `answer to a ${type}`);
  }

  #check(
    schema: Schema,
    text: string | undefined,
    where: string,
    code: 'message/bad-payload' | 'event/bad-data' | 'delivery/bad-answer',
    what: string,
  ): Promise<void> | undefined {
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    const checked = andThen(readThrough(schema, value, where), ({ fault }) => refuseFault(fault, code, what));
    return isPromiseLike(checked) ? checked.then(() => undefined) : checked;
  }
}

function refuseFault(
  fault: string | undefined,
  code: 'message/bad-payload' | 'event/bad-data' | 'delivery/bad-answer',
  what: string,
): undefined {
  if (fault !== undefined) throw new AgoraError(code, `this is not a valid ${what}: ${fault}`);
}

/** Returns a value as its recipient will read it. A value without JSON form is refused where it is sent. */
function wireForm(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null') as unknown;
  } catch {
    return value;
  }
}

function checkDeclared(type: string, schemas: Readonly<Record<string, unknown>>): void {
  if (!TYPE_NAME.test(type)) {
    throw new AgoraError('client/bad-option', `"${type}" is not a type; use snake_case or dotted names`);
  }
  checkSchemas(schemas, type);
}

function checkSchemas(schemas: Readonly<Record<string, unknown>>, type = 'a task'): void {
  for (const [name, schema] of Object.entries(schemas)) {
    const isSchema = (typeof schema === 'object' || typeof schema === 'function') && schema !== null;
    if (schema === undefined || (isSchema && '~standard' in schema)) continue;
    throw new AgoraError('client/bad-option', `the ${name} of ${type} is not a Standard Schema, such as one of zod`);
  }
}
