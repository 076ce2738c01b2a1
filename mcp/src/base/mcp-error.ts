// Errors of tools: a stable code, a sentence, and what the model should do next.

import { AgoraError } from '@agora/client';
import { clip } from './size.ts';

/** Codes of errors that this package finds itself, and their meaning. */
export const MCP_CODES = {
  'mcp/bad-input': 'The arguments of a tool do not fit its schema.',
  'mcp/not-held': 'The agent holds no message with this id.',
  'mcp/cannot-settle': 'The message cannot be settled in this way.',
  'mcp/not-found': 'The named object does not exist.',
  'mcp/bug': 'The server itself failed.',
} as const;
/** One of `MCP_CODES`. */
export type McpCode = keyof typeof MCP_CODES;

/** An error of a tool. */
export class McpError extends Error {
  override readonly name = 'McpError';
  readonly code: McpCode;
  /** The next step for the model. */
  readonly hint: string;

  constructor(code: McpCode, sentence: string, hint: string, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
    this.hint = hint;
  }
}

/** An error as tools report it. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Next steps for single codes of the hub and the client. */
const HINTS: Readonly<Record<string, string>> = {
  'message/unknown-recipient': 'Call find_agents for the names and capabilities that exist.',
  'message/unknown':
    'Check the id; only messages that this agent sent or received are known, and only while they are kept.',
  'message/too-large': 'Send less than 256 KiB: name a file or a URL instead of its content.',
  'message/bad-payload': 'Correct the payload for this type, or use another type.',
  'message/settled': 'Nothing to do: the message was settled before.',
  'delivery/stale-attempt': 'Do not settle it again; the hub offers it again, to this or another agent.',
  'delivery/cancelled': 'Stop work on it: its sender cancelled it.',
  'inbox/full': 'The recipient has too many waiting messages; try later or choose another agent.',
  'agent/name-taken':
    'Another identity owns this name. Set AGORA_AGENT to another name in the configuration of this server.',
  'agent/not-yours':
    'Another identity owns this name. Set AGORA_AGENT to another name in the configuration of this server.',
  'agent/elsewhere': 'Another process serves this agent. Give each session its own AGORA_AGENT.',
  'connection/refused': 'No hub answers. Ask the user to start one: `agora up`.',
  'connection/bad-token': 'The hub does not accept the stored token. Ask the user to run `agora doctor`.',
  'connection/not-admitted':
    'The hub is closed to this identity. Ask the user to have it admitted: `agora operator admit`.',
  'hub/not-admitted': 'The hub is closed to this identity. Ask the user to have it admitted: `agora operator admit`.',
  'operator/required': 'Only an operator of the hub may do this. Ask the user.',
  'workflow/bad-definition': 'Correct every fault that the message names, then start it again.',
  'workflow/unknown': 'Check the id; a workflow is visible to its initiator, its participants and operators.',
  'event/expired': 'These events are no longer kept. Call read_events without `after`.',
  'event/ahead': 'There is no event with this number yet. Call read_events without `after`.',
};

/** Next steps for groups of codes. */
const GROUP_HINTS: readonly (readonly [prefix: string, hint: string])[] = [
  ['connection/', 'The hub cannot be reached now. Continue other work and try again later.'],
  ['call/', 'Try once more; then report it to the user.'],
  ['quota/', 'This agent sends too much. Wait a minute, then send less.'],
  ['client/', 'Correct the arguments and call the tool again.'],
];

/** The report of any thrown value. */
export function reportOf(thrown: unknown): ErrorReport {
  if (thrown instanceof McpError) {
    return { code: thrown.code, message: clip(thrown.message), hint: clip(thrown.hint) };
  }
  if (thrown instanceof AgoraError) {
    const { code, message } = thrown;
    return { code, message: clip(message), hint: hintOf(code) };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: 'mcp/bug',
    message: clip(message),
    hint: 'Report this to the user; it is a fault of the Agora MCP server.',
  };
}

function hintOf(code: string): string {
  const group = GROUP_HINTS.find(([prefix]) => code.startsWith(prefix));
  return HINTS[code] ?? group?.[1] ?? 'Correct the arguments and call the tool again.';
}
