// Notices as output: outcomes of messages that the agent has sent, such as a late answer or a dead letter.

import type { Notice } from '@agora/client';
import { oneLine } from '../../base/printable-text.ts';

/** The notice as an object for programs. */
export function describeNotice({ kind, about, from, payload }: Notice) {
  return { kind, about, from, payload };
}

/** The notice as a line for people. */
export function showNotice({ kind, about, payload }: Notice): string {
  return `${kind}  message ${about}: ${oneLine(JSON.stringify(payload))}`;
}
