// What an agent may be called and say of itself. Pure checks that refuse.

import { LIMITS } from '../contract/limits.ts';
import { AGENT_NAME, AGENT_STATUSES, type AgentStatus, RESERVED_NAMES, SHORT_NAME } from '../contract/words.ts';
import { refuse } from '../refuse.ts';
import { isLongerThan, isObject, parseJson } from '../text.ts';

/** Refuses what cannot be the name of an agent. */
export function checkName(name: string): void {
  if (!AGENT_NAME.test(name)) {
    refuse(
      'agent/bad-name',
      `"${name.slice(0, 64)}" is no name; use 1-64 letters, digits, _ . - and begin with a letter or digit`,
    );
  }
  if (RESERVED_NAMES.includes(name.toLowerCase()))
    refuse('agent/bad-name', `"${name}" is the hub's own name; choose another`);
}

/** Refuses what is no short name. */
export function checkAgentType(type: string): void {
  if (!SHORT_NAME.test(type))
    refuse('agent/bad-type', `"${type.slice(0, 64)}" is no agent type; use a short name like "specialist"`);
}

/** Refuses too many capabilities, doubled ones, and what is no short name. */
export function checkCapabilities(capabilities: readonly string[]): void {
  if (capabilities.length > LIMITS.capabilities) {
    refuse(
      'agent/bad-capability',
      `${capabilities.length} capabilities were given; ${LIMITS.capabilities} are allowed`,
    );
  }
  const bad = capabilities.find(each => !SHORT_NAME.test(each));
  if (bad !== undefined)
    refuse('agent/bad-capability', `"${bad.slice(0, 64)}" is no capability; use a short name like "review"`);
  if (new Set(capabilities).size < capabilities.length) refuse('agent/bad-capability', 'a capability is given twice');
}

/** Refuses what is not a JSON object within 16 KiB. */
export function checkMetadata(metadata: string): void {
  const isFine = !isLongerThan(metadata, LIMITS.headerBytes) && isObject(parseJson(metadata)?.value);
  if (!isFine) refuse('agent/bad-metadata', `metadata is a JSON object of at most ${LIMITS.headerBytes} bytes`);
}

/** Refuses a credit over the limit; 0 stands for the default. */
export function checkCredit(credit: number): void {
  if (credit > LIMITS.maxCredit) refuse('agent/bad-credit', `a credit is at most ${LIMITS.maxCredit}`);
}

/** Refuses what is not one of the four statuses. */
export function checkStatus(status: string): asserts status is AgentStatus {
  if (!(AGENT_STATUSES as readonly string[]).includes(status)) {
    refuse('agent/bad-status', `"${status.slice(0, 32)}" is no status; use ${AGENT_STATUSES.join(', ')}`);
  }
}
