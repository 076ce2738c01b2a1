// The message that loads send: a task of 275 bytes as JSON.

import { z } from 'zod';

const BYTES = 275;

const frame = { n: 0, action: 'create_documentation', title: 'Modal Dialog Component', text: '' };

/** The payload numbered `n`; as JSON it has 275 bytes. */
export function numberedPayload(n: number): typeof frame {
  const payload = { ...frame, n };
  return { ...payload, text: 'x'.repeat(BYTES - JSON.stringify(payload).length) };
}

const Numbered = z.object({ n: z.number().int() });

/** Returns the number of a received payload. */
export function numberOf(payload: unknown): number {
  return Numbered.parse(payload).n;
}
