// Payload schemas of the seven standard message types. Further keys are allowed.

import { type STANDARD_MESSAGE_TYPES } from '@agora/module/contract';
import * as z from 'zod';

const text = z.string();
const texts = z.array(text);
const anything = z.record(text, z.unknown());

/** The schema of each standard message type's payload. */
export const MESSAGE_SCHEMAS = {
  documentation_request: z.looseObject({
    action: text.optional(),
    document_type: text.optional(),
    title: text.optional(),
    component_name: text.optional(),
    description: text.optional(),
    requirements: anything.optional(),
    props: anything.optional(),
    examples: texts.optional(),
  }),
  task_assignment: z.looseObject({ task: anything }),
  collaboration_request: z.looseObject({ project: z.union([text, anything]) }),
  status_update: z.looseObject({ status: text.optional(), progress: z.number().optional(), message: text.optional() }),
  capability_announcement: z.looseObject({
    agent_name: text,
    new_capabilities: texts.optional(),
    available_for: texts.optional(),
  }),
  review_request: z.looseObject({
    subject: text.optional(),
    description: text.optional(),
    file_path: text.optional(),
    requirements: anything.optional(),
  }),
  system_notification: z.looseObject({ level: text.optional(), title: text.optional(), message: text.optional() }),
} as const satisfies Record<(typeof STANDARD_MESSAGE_TYPES)[number], z.ZodType>;

/** One of the seven standard message types. */
export type StandardMessageType = keyof typeof MESSAGE_SCHEMAS;

/** Payload of a message type: that of its schema; any JSON for other types. */
export type PayloadOf<Type extends string> = Type extends StandardMessageType
  ? z.infer<(typeof MESSAGE_SCHEMAS)[Type]>
  : unknown;

/** Returns true if a message type is one of the seven standard types. */
export function isStandardType(type: string): type is StandardMessageType {
  return Object.hasOwn(MESSAGE_SCHEMAS, type);
}

/** Returns the faults of a standard payload with their paths; undefined if it is valid, or of another type. */
export function faultOf(type: string, payload: unknown): string | undefined {
  if (!isStandardType(type)) return undefined;
  const issues = MESSAGE_SCHEMAS[type].safeParse(payload).error?.issues;
  return issues?.map(({ path, message }) => `${['payload', ...path].join('.')}: ${message}`).join('; ');
}
