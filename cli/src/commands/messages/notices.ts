// Word about what the agent sent: a late answer, a dead letter.

import type { Notice } from '@agora/client';
import { oneLine } from '../../base/printable-text.ts';

/** What a program is told of it. */
export function describeNotice({ kind, about, from, payload }: Notice) {
  return { kind, about, from, payload };
}

/** A line for people. */
export function showNotice({ kind, about, payload }: Notice): string {
  return `${kind}  message ${about}: ${oneLine(JSON.stringify(payload))}`;
}
