// Requests of the official command-line tool, recorded with a real SpacetimeDB and repeated on the host: status, type
// and answer agree. The answer to `describe` was recorded in part, so its beginning agrees.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startHost, type Host } from '@agora/host';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { buildProbeModules } from './bundles.ts';
import { WORDS_OF_LIBRARIES } from './transcript.ts';

const FILE = fileURLToPath(new URL('../../conformance/recordings/cli.txt', import.meta.url));
/** The end of a recorded answer that was cut. */
const CUT = '…';

const Asked = z.object({
  request: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
  status: z.number(),
  type: z.string().optional(),
  answer: z.string(),
});
const Line = z.union([z.object({ command: z.string() }), Asked]);

const steps: { command: string; asked: z.infer<typeof Asked>[] }[] = [];
for (const text of readFileSync(FILE, 'utf8').trimEnd().split('\n')) {
  const line = Line.parse(JSON.parse(text));
  if ('command' in line) steps.push({ command: line.command, asked: [] });
  else steps.at(-1)?.asked.push(line);
}

let host: Host;
let bundle: Buffer;
/** Values of the placeholders of the recording in this run. */
const known = new Map<string, string>();

beforeAll(async () => {
  bundle = (await buildProbeModules(['probe'])).get('probe') ?? Buffer.alloc(0);
  host = await startHost({ inMemory: true, allowPublish: 'anyone', allowOrigins: ['*'] });
}, 60_000);
afterAll(() => host.close());

// In order: each command depends on the effects of those before it.
for (const { command, asked } of steps.filter(step => step.asked.length > 0)) {
  test(command, async () => {
    for (const recorded of asked) {
      const [method = '', path = ''] = filled(recorded.request).split(' ');
      const headers = Object.entries(recorded.headers).map(([name, value]): [string, string] => [name, filled(value)]);
      const body = recorded.body === '(bytes)' ? new Uint8Array(bundle) : recorded.body;
      const answer = await fetch(host.url + path, { method, headers, ...(body !== undefined && { body }) });
      const text = await answer.text();
      learn(recorded.answer, text);
      expect({ status: answer.status, type: answer.headers.get('content-type') ?? undefined }).toEqual({
        status: recorded.status,
        type: recorded.type,
      });
      const wanted = comparable(filled(recorded.answer));
      const got = comparable(text);
      expect(wanted.endsWith(CUT) ? got.slice(0, wanted.length - 1) + CUT : got).toBe(wanted);
    }
  });
}

/** Replaces placeholders whose values are known. */
function filled(text: string): string {
  return text.replace(/<[^<>]+>/g, name => known.get(name) ?? name);
}

/** Reads the values of unknown placeholders from an answer. */
function learn(recorded: string, text: string): void {
  const names: string[] = [];
  const pattern = recorded
    .split(/(<[^<>]+>)/)
    .map((part, at) => {
      if (at % 2 === 0) return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
      names.push(part);
      return '([^"]+)';
    })
    .join('');
  const found = new RegExp(`^${pattern}$`).exec(text);
  for (const [at, name] of names.entries()) {
    const value = found?.[at + 1];
    if (value !== undefined && !known.has(name)) known.set(name, value);
  }
}

function comparable(text: string): string {
  return text.replace(WORDS_OF_LIBRARIES, '$1').replace(/"(ts|total_duration_micros)":\d+/g, '"$1":0');
}
