// Declared types: schemas of messages, answers, tasks and events, used by the compiler and at run time. Any library with a
// Standard Schema works.
//
// The wire carries the input of a schema as the sender wrote it. Each recipient reads it through its own schema and gets the
// output, with defaults and transformations. So a value passes a schema once, and a program without the schema, or in another
// language, sees the value of the sender.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { PayloadOf as StandardPayloadOf, StandardMessageType } from './standard-messages.ts';

/** A schema of any library that implements Standard Schema: zod, valibot, arktype and others. */
export type Schema = StandardSchemaV1;

/** Schemas of a message type and of its answer. A part without a schema is any JSON. */
export interface MessageTypeSchemas {
  readonly payload?: Schema | undefined;
  readonly answer?: Schema | undefined;
}

/** Schemas of an action of workflow steps: requirements, outputs of the dependencies, output. */
export interface TaskSchemas {
  readonly requirements?: Schema | undefined;
  readonly inputs?: Schema | undefined;
  readonly output?: Schema | undefined;
}

/** Declared types of a program: messages by type, tasks by action, event data by type. */
export interface AgoraTypes {
  readonly messages?: Readonly<Record<string, MessageTypeSchemas>> | undefined;
  readonly tasks?: Readonly<Record<string, TaskSchemas>> | undefined;
  readonly events?: Readonly<Record<string, Schema>> | undefined;
}

/** No declared types: any JSON under any name. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- an intersection with it has to change nothing
export type NoTypes = {};

/**
 * Declares message types for the option `types` of a client.
 *
 * @example
 * ```ts
 * const types = defineMessages({
 *   build_request: { payload: z.object({ target: z.string() }), answer: z.object({ ok: z.boolean() }) },
 * });
 * const client = new AgoraClient('Builder', { types });
 * await client.subscribeToMessages({
 *   filters: { messageTypes: ['build_request'] },
 *   handler: ({ payload }) => ({ ok: payload.target !== '' }),
 * });
 * ```
 */
export function defineMessages<const Messages extends NonNullable<AgoraTypes['messages']>>(
  messages: Messages,
): { readonly messages: Messages } {
  return { messages };
}

/**
 * Declares types of messages, tasks and events together.
 *
 * @example
 * ```ts
 * const types = defineTypes({
 *   tasks: { write: { requirements: z.object({ title: z.string() }), output: z.object({ path: z.string() }) } },
 *   events: { 'build.failed': z.object({ target: z.string() }) },
 * });
 * const client = new AgoraClient('Writer', { types });
 * client.onTask('write', ({ requirements }) => ({ path: `docs/${requirements.title}.md` }));
 * await client.publishEvent({ eventType: 'build.failed', data: { target: 'docs' } });
 * ```
 */
export function defineTypes<const Types extends AgoraTypes>(types: Types): Types {
  return types;
}

type InputOf<S> = S extends { readonly '~standard': unknown } ? StandardSchemaV1.InferInput<SchemaOf<S>> : unknown;
type OutputOf<S> = S extends { readonly '~standard': unknown } ? StandardSchemaV1.InferOutput<SchemaOf<S>> : unknown;
type SchemaOf<S> = S extends StandardSchemaV1 ? S : never;

type Group<Types, Name extends keyof AgoraTypes> = Types extends { readonly [K in Name]: infer Found extends object }
  ? Found
  : NoTypes;
type Entry<Types, Name extends keyof AgoraTypes, Key extends string> =
  Group<Types, Name> extends { readonly [K in Key]: infer Found } ? Found : undefined;
type Member<T, Name extends string> = T extends { readonly [K in Name]: infer Found } ? Found : undefined;
type NamesOf<Types, Name extends keyof AgoraTypes> = keyof Group<Types, Name> & string;
/** The declared names; without any, `Otherwise`. */
type DeclaredOr<Types, Name extends keyof AgoraTypes, More, Otherwise> = [NamesOf<Types, Name>] extends [never]
  ? Otherwise
  : NamesOf<Types, Name> | More;

/** Message types that may be sent: the declared and the seven standard ones; without declared types any. */
export type MessageTypeName<Types = NoTypes> = DeclaredOr<Types, 'messages', StandardMessageType, string>;

/** Payload of this message type at its recipient. */
export type PayloadOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'messages'>
    ? OutputOf<Member<Entry<Types, 'messages', Type>, 'payload'>>
    : StandardPayloadOf<Type>;
/** Payload of this message type at its sender. */
export type PayloadInputOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'messages'>
    ? InputOf<Member<Entry<Types, 'messages', Type>, 'payload'>>
    : StandardPayloadOf<Type>;
/** Answer to this message type at the asker. */
export type AnswerOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'messages'> ? OutputOf<Member<Entry<Types, 'messages', Type>, 'answer'>> : unknown;
/** Answer to this message type at the handler. */
export type AnswerInputOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'messages'> ? InputOf<Member<Entry<Types, 'messages', Type>, 'answer'>> : unknown;

type Json = Readonly<Record<string, unknown>>;

/** Actions that may be handled: the declared ones; without any, all. */
export type TaskAction<Types = NoTypes> = DeclaredOr<Types, 'tasks', never, string>;
/** Requirements of a task with this action. */
export type RequirementsOf<Action extends string, Types = NoTypes> = TaskPart<Action, Types, 'requirements', Json>;
/** Outputs of the dependencies of a task with this action. */
export type InputsOf<Action extends string, Types = NoTypes> = TaskPart<Action, Types, 'inputs', Json>;
/** Output of a handler of this action. */
export type TaskOutputOf<Action extends string, Types = NoTypes> =
  Member<Entry<Types, 'tasks', Action>, 'output'> extends infer S extends { readonly '~standard': unknown }
    ? InputOf<S>
    : unknown;
type TaskPart<Action extends string, Types, Part extends 'requirements' | 'inputs', Otherwise> =
  Member<Entry<Types, 'tasks', Action>, Part> extends infer S extends { readonly '~standard': unknown }
    ? OutputOf<S>
    : Otherwise;

/** Event types that may be published: the declared ones; without any, all. */
export type EventTypeName<Types = NoTypes> = DeclaredOr<Types, 'events', never, string>;
/** Declared event types that match a filter: a type, or a first segment with a wildcard. */
export type EventsMatching<Filter extends string, Types> = [Filter] extends [never] ? string : EventsOf<Filter, Types>;
type EventsOf<Filter extends string, Types> = Filter extends '*'
  ? string
  : Filter extends `${infer Head}.*`
    ? Extract<NamesOf<Types, 'events'>, `${Head}.${string}`> extends infer Found extends string
      ? [Found] extends [never]
        ? string
        : Found
      : never
    : Filter;
/** Data of this event type at a subscriber. */
export type EventDataOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'events'> ? OutputOf<Entry<Types, 'events', Type>> : Json;
/** Data of this event type at its publisher. */
export type EventDataInputOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'events'> ? InputOf<Entry<Types, 'events', Type>> : Json;
