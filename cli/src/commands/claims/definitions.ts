// Definitions of the commands about claims.

import type { CommandDefinition } from '../../command/command.ts';

const PATHS = {
  name: 'paths',
  summary: 'files, folders or patterns like "src/**"',
  isList: true,
  suggests: 'files',
} as const;

/** `agora claim`, `claim guard`, `claims`, `release` and `operator break`. */
export const CLAIM_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'claim',
    summary: 'Claims paths while a command runs; without a command, for a time.',
    arguments: [{ ...PATHS, isOptional: true }],
    takesProgram: true,
    flags: [
      { flag: '--name <name>', summary: 'any other name to claim; may be repeated', repeats: true },
      { flag: '--shared', summary: 'allow other shared claims: for readers' },
      { flag: '--note <text>', summary: 'the reason, which other agents see' },
      { flag: '--timeout <time>', summary: 'how long to wait until the paths are free', default: '0s' },
      { flag: '--for <time>', summary: 'without a command: how long, at most 1h', default: '15m' },
    ],
    examples: ["agora claim src/ --note 'renames' --timeout 10m -- npm test", 'agora claim docs/*.md --for 30m'],
    load: () => import('./claim.ts'),
  },
  {
    name: 'claim guard',
    summary: 'Refuses a commit that touches paths that other agents claim: a pre-commit hook of Git.',
    flags: [
      { flag: '--install', summary: 'install it as the pre-commit hook of this repository' },
      { flag: '--strict', summary: 'also refuse when no hub answers' },
    ],
    examples: ['agora claim guard --install'],
    load: () => import('./guard.ts'),
  },
  {
    name: 'claims',
    summary: 'Lists the claims of all agents, or those on paths.',
    arguments: [{ ...PATHS, isOptional: true }],
    flags: [{ flag: '--agent <name>', summary: 'of this agent', suggests: 'agents' }],
    examples: ['agora claims src/'],
    load: () => import('./claims.ts'),
  },
  {
    name: 'release',
    summary: 'Releases claims of the agent that `agora claim` made without a command.',
    arguments: [{ ...PATHS, summary: 'the claimed paths, or ids of claims', isOptional: true }],
    flags: [{ flag: '--all', summary: 'all claims of the agent' }],
    examples: ['agora release src/'],
    load: () => import('./release.ts'),
  },
  {
    name: 'operator break',
    summary: 'Ends a claim of any agent; its holder gets a notice.',
    arguments: [{ name: 'claim', summary: 'id of the claim' }],
    flags: [
      { flag: '--reason <text>', summary: 'the reason, for the holder' },
      { flag: '--yes', summary: 'do not ask for confirmation' },
    ],
    load: () => import('./break.ts'),
  },
];
