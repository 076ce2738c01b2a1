// Entry point for hooks and wakers, which starts faster than the server.

export { runHook, type HookResult, type HookRun } from './run-hook.ts';
export { HOOK_CLIENT_NAMES, type HookClientName } from './hook-output.ts';
export { followMail, type FollowOptions } from './follow-mail.ts';
export { mailSentence, type WaitingMail } from './hook-words.ts';
export { openLooker } from './look.ts';
export { agentNameOf, isNameKnown, type SessionFacts } from '../agent/agent-name.ts';
export { claimPath, git, repositoryOf, shownPath, type Repository } from '../base/repository.ts';
