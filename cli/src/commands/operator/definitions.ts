// Definitions of the commands for operators.

import type { Argument, CommandDefinition } from '../../command/command.ts';

const WHO: Argument = { name: 'who', summary: 'an identity, or the name of one of its agents', suggests: 'agents' };

/** `agora operator …`. */
export const OPERATOR_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'operator status',
    summary: 'Shows the counters of the hub.',
    flags: [{ flag: '--watch', summary: 'refresh every second until Ctrl-C' }],
    load: () => import('./status.ts'),
  },
  {
    name: 'operator mailboxes',
    summary: 'Lists all mailboxes and work queues, with their held and waiting deliveries.',
    flags: [{ flag: '--busy', summary: 'only mailboxes that are not empty' }],
    load: () => import('./mailboxes.ts'),
  },
  {
    name: 'operator message',
    summary: 'Shows any stored message, with its payload and the state of its deliveries.',
    arguments: [{ name: 'message', summary: 'id of the message' }],
    load: () => import('./message.ts'),
  },
  {
    name: 'operator quota',
    summary: 'Shows or changes the limits of an agent, with what it has used.',
    arguments: [{ name: 'agent', summary: 'name of the agent', isOptional: true, suggests: 'agents' }],
    flags: [
      { flag: '--everyone', summary: 'instead of an agent: all agents without limits of their own' },
      { flag: '--rate <count>', summary: 'messages and events per second' },
      { flag: '--burst <count>', summary: 'messages and events in one burst' },
      { flag: '--unfinished <count>', summary: 'unfinished deliveries that the agent has caused' },
      { flag: '--inbox-length <count>', summary: 'deliveries that wait for the agent' },
      { flag: '--fan-out <count>', summary: 'recipients per minute' },
      { flag: '--clear', summary: 'reset to the limits of everyone' },
    ],
    examples: ['agora operator quota Chatty', 'agora operator quota Chatty --rate 10 --burst 20'],
    load: () => import('./quota.ts'),
  },
  {
    name: 'operator limits',
    summary: 'Changes the storage limit and the retention times of the hub; without flags shows the storage limit.',
    flags: [
      { flag: '--stored-bytes <size>', summary: 'storage for messages and events: 512MiB, 4GiB' },
      { flag: '--keep-messages <time>', summary: 'retention of ended messages: 24h' },
      { flag: '--keep-events <time>', summary: 'retention of events: 7d' },
      { flag: '--keep-workflows <time>', summary: 'retention of ended workflows: 7d' },
      { flag: '--yes', summary: 'do not ask for confirmation of a limit that the hub exceeds already' },
    ],
    load: () => import('./limits.ts'),
  },
  {
    name: 'operator admission',
    summary: 'Shows the admission rules, or opens or closes the hub.',
    arguments: [
      {
        name: 'mode',
        summary: 'open admits every identity, closed only admitted ones',
        isOptional: true,
        suggests: ['open', 'closed'],
      },
    ],
    load: () => import('./admission.ts'),
  },
  {
    name: 'operator admit',
    summary: 'Admits an identity, or all identities of a token issuer and audience.',
    arguments: [{ ...WHO, isOptional: true }],
    flags: [
      { flag: '--issuer <url>', summary: 'issuer of the tokens' },
      { flag: '--audience <name>', summary: 'audience of the tokens' },
      { flag: '--note <text>', summary: 'reason, shown in the list of rules' },
    ],
    load: () => import('./admit.ts'),
  },
  {
    name: 'operator expel',
    summary: 'Removes an admission rule.',
    arguments: [{ name: 'rule', summary: 'number that `agora operator admission` shows' }],
    load: () => import('./expel.ts'),
  },
  {
    name: 'operator list',
    summary: 'Lists the operators.',
    load: () => import('./list.ts'),
  },
  {
    name: 'operator grant',
    summary: 'Makes an identity an operator.',
    arguments: [WHO],
    load: () => import('./grant.ts'),
  },
  {
    name: 'operator revoke',
    summary: 'Removes an operator, unless it is the last one.',
    arguments: [WHO],
    flags: [{ flag: '--yes', summary: 'do not ask for confirmation' }],
    load: () => import('./revoke.ts'),
  },
  {
    name: 'operator unregister',
    summary: 'Unregisters any agent; its unfinished messages become dead letters.',
    arguments: [{ name: 'agent', summary: 'name of the agent', suggests: 'agents' }],
    flags: [{ flag: '--yes', summary: 'do not ask for confirmation' }],
    load: () => import('./unregister.ts'),
  },
];
