// The shapes of all recorded messages under one digest: it fails when a recording or its format drifts. Tests beside
// the code of the host cover the bytes that it writes and reads.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';

const RECORDINGS = fileURLToPath(new URL('../../conformance/recordings/', import.meta.url));
const DIGEST = '45fd3a20dc2c0499';

const Line = z.looseObject({ hears: z.string().optional(), messages: z.array(z.unknown()).optional() });

/** Field names and kinds of values; lists by the kind of their elements, without rows, which belong to the module. */
function shapeOf(value: unknown, key = ''): string {
  if (key === 'rows' || key === 'inserts' || key === 'deletes' || key === 'events') return 'rows';
  if (Array.isArray(value)) return `[${[...new Set(value.map(each => shapeOf(each)))].sort().join('|')}]`;
  if (typeof value !== 'object' || value === null) return typeof value;
  const fields = Object.entries(value).map(([name, each]) => `${name}:${shapeOf(each, name)}`);
  return `{${fields.sort().join(',')}}`;
}

test('has the known value', () => {
  const shapes = new Set<string>();
  for (const file of readdirSync(RECORDINGS).filter(name => name.endsWith('.jsonl'))) {
    for (const text of readFileSync(`${RECORDINGS}${file}`, 'utf8').split('\n')) {
      if (text === '') continue;
      for (const message of Line.parse(JSON.parse(text)).messages ?? []) shapes.add(shapeOf(message));
    }
  }
  const all = [...shapes].sort().join('\n');
  expect(createHash('sha256').update(all).digest('hex').slice(0, 16), all).toBe(DIGEST);
});
