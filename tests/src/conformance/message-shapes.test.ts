// The shapes of all messages that were recorded, under one digest: it fails when a recording, or the way messages are shown,
// says something of another shape. What the host writes and reads byte by byte is pinned beside its code.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';

const RECORDINGS = fileURLToPath(new URL('../../conformance/recordings/', import.meta.url));
const DIGEST = '45fd3a20dc2c0499';

const Line = z.looseObject({ hears: z.string().optional(), messages: z.array(z.unknown()).optional() });

/** Field names and kinds of values; lists by what they hold, rows left out: those are the module's. */
function shapeOf(value: unknown, key = ''): string {
  if (key === 'rows' || key === 'inserts' || key === 'deletes' || key === 'events') return 'rows';
  if (Array.isArray(value)) return `[${[...new Set(value.map(each => shapeOf(each)))].sort().join('|')}]`;
  if (typeof value !== 'object' || value === null) return typeof value;
  const fields = Object.entries(value).map(([name, each]) => `${name}:${shapeOf(each, name)}`);
  return `{${fields.sort().join(',')}}`;
}

test('is the one that is known', () => {
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
