// The types that programs agree on: what messages, answers, tasks and events carry, said once by schemas and known from
// then on to the compiler and at run time. Any library with a Standard Schema will do.
//
// What goes over the wire is the schema's input, as the sender said it; each recipient reads it through its schema and gets
// the output, defaults and transformations and all. So every value goes through a schema once, and a program without the
// schema, or in another language, sees what was said.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { PayloadOf as StandardPayloadOf, StandardMessageType } from './standard-messages.ts';

/** A schema of any library that implements Standard Schema: zod, valibot, arktype and others. */
export type Schema = StandardSchemaV1;

/** A type of message: its payload, and what it is answered with. Whatever has no schema is any JSON. */
export interface MessageTypeSchemas {
  readonly payload?: Schema | undefined;
  readonly answer?: Schema | undefined;
}

/** An action of a workflow's steps: what is required, what the steps before have returned, what it returns. */
export interface TaskSchemas {
  readonly requirements?: Schema | undefined;
  readonly inputs?: Schema | undefined;
  readonly output?: Schema | undefined;
}

/** What a program has declared: messages by type, tasks by action, the data of events by type. */
export interface AgoraTypes {
  readonly messages?: Readonly<Record<string, MessageTypeSchemas>> | undefined;
  readonly tasks?: Readonly<Record<string, TaskSchemas>> | undefined;
  readonly events?: Readonly<Record<string, Schema>> | undefined;
}

/** Nothing declared: any JSON under any name. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- an intersection with it has to change nothing
export type NoTypes = {};

/** Declares types of messages: `new AgoraClient(name, { types: defineMessages({ … }) })`. */
export function defineMessages<const Messages extends NonNullable<AgoraTypes['messages']>>(
  messages: Messages,
): { readonly messages: Messages } {
  return { messages };
}

/** Declares types of messages, tasks and events together. */
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
/** The names that were declared, or, where nothing was, `Otherwise`. */
type DeclaredOr<Types, Name extends keyof AgoraTypes, More, Otherwise> = [NamesOf<Types, Name>] extends [never]
  ? Otherwise
  : NamesOf<Types, Name> | More;

/** The types of message that may be sent: those declared and the seven standard ones; any, where none were declared. */
export type MessageTypeName<Types = NoTypes> = DeclaredOr<Types, 'messages', StandardMessageType, string>;
/** The types of message that a handler without a filter expects. */
export type ExpectedType<Types = NoTypes> = NamesOf<Types, 'messages'> | StandardMessageType;

/** What a recipient of a message of this type reads. */
export type PayloadOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'messages'>
    ? OutputOf<Member<Entry<Types, 'messages', Type>, 'payload'>>
    : StandardPayloadOf<Type>;
/** What the sender of a message of this type says. */
export type PayloadInputOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'messages'>
    ? InputOf<Member<Entry<Types, 'messages', Type>, 'payload'>>
    : StandardPayloadOf<Type>;
/** What whoever asked reads of an answer. */
export type AnswerOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'messages'> ? OutputOf<Member<Entry<Types, 'messages', Type>, 'answer'>> : unknown;
/** What a handler answers with. */
export type AnswerInputOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'messages'> ? InputOf<Member<Entry<Types, 'messages', Type>, 'answer'>> : unknown;

type Json = Readonly<Record<string, unknown>>;

/** The actions that may be handled: those declared, or any where none were. */
export type TaskAction<Types = NoTypes> = DeclaredOr<Types, 'tasks', never, string>;
/** What is required of a task with this action. */
export type RequirementsOf<Action extends string, Types = NoTypes> = TaskPart<Action, Types, 'requirements', Json>;
/** What the steps before a task with this action have returned. */
export type InputsOf<Action extends string, Types = NoTypes> = TaskPart<Action, Types, 'inputs', Json>;
/** What the handler of this action returns. */
export type TaskOutputOf<Action extends string, Types = NoTypes> =
  Member<Entry<Types, 'tasks', Action>, 'output'> extends infer S extends { readonly '~standard': unknown }
    ? InputOf<S>
    : unknown;
type TaskPart<Action extends string, Types, Part extends 'requirements' | 'inputs', Otherwise> =
  Member<Entry<Types, 'tasks', Action>, Part> extends infer S extends { readonly '~standard': unknown }
    ? OutputOf<S>
    : Otherwise;

/** The types of event that may be published: those declared, or any where none were. */
export type EventTypeName<Types = NoTypes> = DeclaredOr<Types, 'events', never, string>;
/** The declared events that a filter lets through: a type, or a first segment with a wildcard; any without a filter. */
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
/** What a reader of an event of this type reads. */
export type EventDataOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'events'> ? OutputOf<Entry<Types, 'events', Type>> : Json;
/** What a publisher of an event of this type says. */
export type EventDataInputOf<Type extends string, Types = NoTypes> =
  Type extends NamesOf<Types, 'events'> ? InputOf<Entry<Types, 'events', Type>> : Json;
