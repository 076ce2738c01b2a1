// Schemas as `tools/list` shows them. They are converted once a process, since HTTP builds a server for every request. The SDK
// does not check arguments: the tool does, so that its errors have a code and the pending mail.

import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import * as z from 'zod';

/** The schema of a tool for the list, which accepts any value. */
export function advertisedSchema(schema: z.ZodObject, io: 'input' | 'output'): StandardSchemaWithJSON {
  const { $schema: _, required, ...json } = z.toJSONSchema(schema, { io });
  // An error has other members than a result, and clients check it by the same schema: only the mail is in both.
  const always = io === 'output' ? required?.filter(name => name === 'inbox') : required;
  const slim = withoutNoise(always?.length ? { ...json, required: always } : json) as Record<string, unknown>;
  return {
    '~standard': {
      version: 1,
      vendor: 'agora',
      validate: value => ({ value }),
      jsonSchema: { input: () => slim, output: () => slim },
    },
  };
}

/** Leaves out members that say nothing to a model but cost tokens. */
function withoutNoise(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutNoise);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key, value]) => !isNoise(key, value));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutNoise(value)]));
}

function isNoise(key: string, value: unknown): boolean {
  switch (key) {
    case 'additionalProperties':
      return value === false || isEmpty(value);
    case 'propertyNames':
      return true;
    case 'maximum':
      return value === Number.MAX_SAFE_INTEGER;
    case 'minimum':
      return value === Number.MIN_SAFE_INTEGER;
    default:
      return false;
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
