// The registration of an agent: its members, and their checks.

import { LIMITS } from '@agora/module/contract';
import { AgoraError } from '../base/errors.ts';
import { isObject } from '../base/is-object.ts';
import { METADATA, toJson } from '../base/json.ts';
import { checkKeys, type Keys } from '../base/known-keys.ts';

/** Registration data of an agent. */
export interface Registration {
  /** For example `specialist`, `worker` or `coordinator`. */
  readonly agentType: string;
  readonly capabilities?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** The most deliveries that the agent holds at a time. Default 32, at most 256. */
  readonly credit?: number | undefined;
  /** True if the highest priority always comes first, also before messages that wait for a long time. Default false. */
  readonly strictPriority?: boolean | undefined;
}

const REGISTRATION: Keys<Registration> = {
  agentType: true,
  capabilities: true,
  metadata: true,
  credit: true,
  strictPriority: true,
};

/** Throws `client/bad-option` for unknown members. */
export function checkRegistration(registration: Partial<Registration>): void {
  checkKeys<Partial<Registration>>('the members of a registration', registration, REGISTRATION);
  const { capabilities } = registration;
  if (capabilities === undefined || Array.isArray(capabilities)) return;
  throw new AgoraError('client/bad-option', `capabilities is a list of names, not ${typeof capabilities}`);
}

/** Returns metadata as JSON. Throws `agent/bad-metadata`. */
export function metadataOf(metadata: unknown): string {
  if (!isObject(metadata)) throw new AgoraError('agent/bad-metadata', 'metadata must be an object');
  return toJson(metadata, METADATA);
}

/** Returns a valid credit. Throws `agent/bad-credit`. */
export function creditOf(credit: number): number {
  if (Number.isInteger(credit) && credit >= 0 && credit <= LIMITS.maxCredit) return credit;
  throw new AgoraError('agent/bad-credit', `credit is a whole number from 0 to ${LIMITS.maxCredit}, not ${credit}`);
}
