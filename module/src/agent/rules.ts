// Checks of an agent's name and fields. Each refuses.

import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import { AGENT_NAME, AGENT_STATUSES, type AgentStatus, RESERVED_NAMES, SHORT_NAME } from '../contract/words.ts';
import { refuse } from '../refuse.ts';
import { byteLength, isLongerThan, isObject, parseInput } from '../text.ts';

/** Refuses a name that breaks the pattern of names, or is reserved. */
export function checkName(name: string): void {
  if (!AGENT_NAME.test(name)) {
    refuse(
      'agent/bad-name',
      `"${name.slice(0, 64)}" is not a name; use 1-64 letters, digits, _ . - and start with a letter or digit`,
    );
  }
  if (RESERVED_NAMES.includes(name.toLowerCase()))
    refuse('agent/bad-name', `"${name}" is the hub's own name; choose another`);
}

/** Refuses an agent type that is not a short name. */
export function checkAgentType(type: string): void {
  if (!SHORT_NAME.test(type))
    refuse('agent/bad-type', `"${type.slice(0, 64)}" is not an agent type; use a short name like "specialist"`);
}

/** Refuses too many capabilities, a duplicate, or one that is not a short name. */
export function checkCapabilities(capabilities: readonly string[]): void {
  if (capabilities.length > LIMITS.capabilities) {
    refuse(
      'agent/bad-capability',
      `an agent has at most ${LIMITS.capabilities} capabilities, not ${capabilities.length}`,
    );
  }
  const bad = capabilities.find(each => !SHORT_NAME.test(each));
  if (bad !== undefined)
    refuse('agent/bad-capability', `"${bad.slice(0, 64)}" is not a capability; use a short name like "review"`);
  if (new Set(capabilities).size < capabilities.length) refuse('agent/bad-capability', 'a capability is given twice');
}

/** Refuses metadata that is not a JSON object within 16 KiB. */
export function checkMetadata(metadata: string): void {
  const isFine = !isLongerThan(metadata, LIMITS.headerBytes) && isObject(parseInput(metadata)?.value);
  if (!isFine)
    refuse(
      'agent/bad-metadata',
      `metadata must be a JSON object of at most ${LIMITS.headerBytes} bytes and ${LIMITS.jsonDepth} levels`,
    );
}

/** Refuses a credit over the limit; 0 stands for the default. */
export function checkCredit(credit: number): void {
  if (credit > LIMITS.maxCredit) refuse('agent/bad-credit', `a credit is at most ${LIMITS.maxCredit}, not ${credit}`);
}

/** Refuses any other text than the four statuses. */
export function checkStatus(status: string): asserts status is AgentStatus {
  if (!(AGENT_STATUSES as readonly string[]).includes(status)) {
    refuse('agent/bad-status', `"${status.slice(0, 32)}" is not a status; use ${AGENT_STATUSES.join(', ')}`);
  }
}

/** Returns the bytes that an agent counts. */
export function bytesOfAgent({
  metadata,
  capabilities,
}: {
  readonly metadata: string;
  readonly capabilities: readonly string[];
}): number {
  return ROW_BYTES.agent + byteLength(metadata) + capabilities.join('').length;
}
