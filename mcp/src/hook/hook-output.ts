// What a hook prints, by client and event. A table: a further client is a further row.

import { isUrgent, mailSentence, startSentence, type WaitingMail } from './hook-words.ts';

/** When a hook runs: the start of a session, a prompt, after a tool, or the end of a turn. */
export type HookMoment = 'start' | 'prompt' | 'tool' | 'stop';

/** The event of Claude Code's background hook, which ends once there is mail and so wakes an idle session. */
export const WAKE = 'Wake';

interface HookClient {
  /** The names of events of this client. */
  readonly events: Readonly<Record<string, HookMoment>>;
  /** Adds a sentence to the context of the model. */
  readonly context: (event: string, sentence: string) => object;
  /** Has the model go on instead of ending its turn. */
  readonly goOn: (sentence: string) => object;
}

/** Claude Code and the clients that follow its hooks. */
const claude: HookClient = {
  events: { SessionStart: 'start', UserPromptSubmit: 'prompt', PostToolUse: 'tool', Stop: 'stop' },
  context: (event, sentence) => ({ hookSpecificOutput: { hookEventName: event, additionalContext: sentence } }),
  goOn: sentence => ({ decision: 'block', reason: sentence }),
};

const HOOK_CLIENTS = {
  claude,
  codex: claude,
  gemini: {
    events: { SessionStart: 'start', BeforeAgent: 'prompt', AfterTool: 'tool', AfterAgent: 'stop' },
    context: claude.context,
    goOn: sentence => ({ decision: 'deny', reason: sentence }),
  },
  cursor: {
    events: { sessionStart: 'start', postToolUse: 'tool', stop: 'stop' },
    context: (_event, sentence) => ({ additional_context: sentence }),
    goOn: sentence => ({ followup_message: sentence }),
  },
  copilot: {
    events: { sessionStart: 'start', userPromptSubmitted: 'prompt', postToolUse: 'tool', agentStop: 'stop' },
    context: (_event, sentence) => ({ additionalContext: sentence }),
    goOn: claude.goOn,
  },
} as const satisfies Readonly<Record<string, HookClient>>;

/** A client whose hooks are supported. */
export type HookClientName = keyof typeof HOOK_CLIENTS;
/** All clients whose hooks are supported. */
export const HOOK_CLIENT_NAMES = Object.keys(HOOK_CLIENTS) as HookClientName[];

/** The moment of an event; undefined for an unknown event. */
export function momentOf(client: HookClientName, event: string): HookMoment | undefined {
  const events: Readonly<Record<string, HookMoment>> = HOOK_CLIENTS[client].events;
  return Object.hasOwn(events, event) ? events[event] : undefined;
}

/** The events of a client, for its configuration. */
export function eventsOf(client: HookClientName): string[] {
  return Object.keys(HOOK_CLIENTS[client].events);
}

/** What the hook prints about new mail; undefined for nothing. `isGoingOn`: a hook has already prolonged this turn. */
export function hookOutput(
  client: HookClientName,
  event: string,
  mail: readonly WaitingMail[],
  isGoingOn: boolean,
): object | undefined {
  const { context, goOn }: HookClient = HOOK_CLIENTS[client];
  switch (momentOf(client, event)) {
    case 'start':
      return context(event, startSentence(mail));
    case 'prompt':
      return mail.length > 0 ? context(event, mailSentence(mail)) : undefined;
    case 'tool':
      // A model at work is interrupted for urgent mail only.
      return mail.some(isUrgent) ? context(event, mailSentence(mail.filter(isUrgent))) : undefined;
    case 'stop':
      return mail.length > 0 && !isGoingOn ? goOn(mailSentence(mail)) : undefined;
    case undefined:
      return undefined;
  }
}

/** The ids that the output of a hook is about. */
export function announcedBy(client: HookClientName, event: string, mail: readonly WaitingMail[]): string[] {
  const about = momentOf(client, event) === 'tool' ? mail.filter(isUrgent) : mail;
  return about.map(({ id }) => id);
}
