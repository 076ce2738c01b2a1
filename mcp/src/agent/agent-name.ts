// The default name of the agent of a coding session: `<client>-<project>-<session>`, the same in every process of the session.

import { basename } from 'node:path';

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Facts about a session that its default name is made of. */
export interface SessionFacts {
  readonly environment: Environment;
  readonly cwd: string;
  /** The name that the MCP client reports of itself, or the client of a hook. */
  readonly clientName?: string | undefined;
  /** An id of the session or thread, if the client reports one. */
  readonly sessionId?: string | undefined;
}

const CLIENTS = ['claude', 'codex', 'cursor', 'gemini', 'opencode', 'copilot', 'kimi'] as const;
const SESSION_LENGTH = 8;
const PROJECT_LENGTH = 32;

/** The name in the configuration (`AGORA_AGENT`), else the default name of the session. */
export function agentNameOf(facts: SessionFacts): string {
  return facts.environment['AGORA_AGENT'] || defaultAgentName(facts);
}

/** The default name of a session. */
export function defaultAgentName({ environment, cwd, clientName, sessionId }: SessionFacts): string {
  const session = environment['CLAUDE_CODE_SESSION_ID'] || sessionId || '';
  const parts = [
    clientOf(environment, clientName),
    safe(basename(environment['CLAUDE_PROJECT_DIR'] || cwd)).slice(0, PROJECT_LENGTH),
    shortSession(session),
  ];
  return parts.filter(part => part !== '').join('-');
}

/** Returns true if the name does not depend on the first request of the client. */
export function isNameKnown(environment: Environment): boolean {
  return Boolean(environment['AGORA_AGENT'] || environment['CLAUDE_CODE_SESSION_ID']);
}

function clientOf(environment: Environment, clientName: string | undefined): string {
  if (environment['CLAUDECODE'] || environment['CLAUDE_CODE_SESSION_ID']) return 'claude';
  const lower = clientName?.toLowerCase() ?? '';
  return CLIENTS.find(client => lower.includes(client)) ?? 'mcp';
}

/** Ids that count up in time differ at their end only, so the last characters are taken. */
function shortSession(id: string): string {
  return id.replace(/[^A-Za-z0-9]/g, '').slice(-SESSION_LENGTH);
}

function safe(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[^A-Za-z0-9]+|[-.]+$/g, '');
}
