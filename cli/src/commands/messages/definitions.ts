// Definitions of the commands that send, receive and answer messages.

import { PRIORITY } from '@agora/module/contract';
import type { CommandDefinition, Flag } from '../../command/command.ts';

const TEXT = { name: 'text', summary: 'text of the message; `-` reads standard input', isOptional: true } as const;
const PRIORITY_NAMES = Object.keys(PRIORITY);

const SEND_FLAGS: readonly Flag[] = [
  { flag: '--type <type>', summary: 'type of the message', default: 'message' },
  { flag: '--payload <json>', summary: 'payload, instead of a text' },
  { flag: '--payload-file <file>', summary: 'payload, from a JSON file', suggests: 'files' },
  {
    flag: '--priority <level>',
    summary: 'low, normal, high or critical',
    default: 'normal',
    suggests: PRIORITY_NAMES,
  },
  { flag: '--header <key=value>', summary: 'a header; may be repeated', repeats: true },
  { flag: '--id <uuid>', summary: 'a UUIDv7 that makes the call idempotent' },
  { flag: '--reply-to <id>', summary: 'message that this one refers to' },
  { flag: '--delay <time>', summary: 'deliver it after this time: 90s, 10m, 2h, 1d' },
  { flag: '--ttl <time>', summary: 'expire it unless it is delivered within this time' },
];

/** `agora send`, `ask`, `broadcast`, `listen`, `wait` and `inbox`. */
export const MESSAGE_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'send',
    summary: 'Sends a message, and prints its id.',
    arguments: [
      { name: 'to', summary: 'a name, #group, @capability, or several with commas', suggests: 'agents' },
      TEXT,
    ],
    flags: SEND_FLAGS,
    examples: [
      "agora send Reviewer 'Please look at chapter 3'",
      'agora send @review --type review_request --payload-file request.json --priority high',
      'git diff | agora send Reviewer --type diff',
    ],
    load: () => import('./send.ts'),
  },
  {
    name: 'ask',
    summary: 'Sends a question, waits for the answer, and prints it.',
    arguments: [{ name: 'to', summary: 'a name, or @capability', suggests: 'agents' }, TEXT],
    flags: [
      ...SEND_FLAGS,
      { flag: '--timeout <time>', summary: 'how long to wait', default: '60s' },
      { flag: '--progress', summary: 'show progress while waiting' },
    ],
    examples: ["agora ask Reviewer 'Is chapter 3 done?' --timeout 5m", 'agora ask @translate --json < text.txt'],
    load: () => import('./ask.ts'),
  },
  {
    name: 'broadcast',
    summary: 'Sends a message to every agent.',
    arguments: [TEXT],
    flags: SEND_FLAGS,
    examples: ["agora broadcast 'The build is green'"],
    load: () => import('./broadcast.ts'),
  },
  {
    name: 'listen',
    summary: 'Receives the messages of an agent, and shows them or runs a program for each.',
    arguments: [
      {
        name: 'command',
        summary: 'program to run for each message, after `--`',
        isOptional: true,
        isList: true,
        suggests: 'files',
      },
    ],
    flags: [
      { flag: '--exec <line>', summary: 'shell command to run for each message' },
      { flag: '--ack', summary: 'acknowledge each message after showing it' },
      { flag: '--settle', summary: 'read from standard input how to settle each message' },
      { flag: '--task <action>', summary: 'steps of workflows with this action; `*` for all', repeats: true },
      { flag: '--type <type>', summary: 'only messages of this type', repeats: true },
      { flag: '--from <agent>', summary: 'only messages from this agent', repeats: true, suggests: 'agents' },
      {
        flag: '--priority <level>',
        summary: 'only messages of this priority',
        repeats: true,
        suggests: PRIORITY_NAMES,
      },
      { flag: '--concurrency <n>', summary: 'how many messages to handle in parallel', default: '1' },
      { flag: '--timeout <time>', summary: 'time limit of the program for one message', default: '5m' },
      { flag: '--grace <time>', summary: 'how long running programs may continue after Ctrl-C', default: '5s' },
      { flag: '--limit <n>', summary: 'end after n messages' },
      { flag: '--for <time>', summary: 'end after this time' },
      { flag: '--agent-type <type>', summary: 'type of the agent: worker, specialist, …' },
      { flag: '--capability <name>', summary: 'capability of the agent, for @capability', repeats: true },
      { flag: '--force', summary: 'even if another process serves the agent' },
    ],
    examples: [
      'agora listen --ack',
      'agora listen --as Echo -- cat',
      "agora listen --as Counter --capability counting --exec 'jq .payload.text | wc -w'",
      'agora listen --as Worker --task build --concurrency 2 -- ./build.sh',
    ],
    load: () => import('./listen.ts'),
  },
  {
    name: 'wait',
    summary: 'Waits until an agent has mail, and takes none; the exit code is 0, or 4 without mail.',
    flags: [
      { flag: '--timeout <time>', summary: 'how long to wait; 0 only checks', default: '5m' },
      { flag: '--follow', summary: 'print a line each time there is new mail, until Ctrl-C or the end of the parent' },
    ],
    examples: ['agora wait --as Writer && agora inbox --as Writer --take'],
    load: () => import('./wait.ts'),
  },
  {
    name: 'inbox',
    summary: 'Shows the waiting messages of an agent, or takes them.',
    flags: [
      { flag: '--take', summary: 'show the messages, then acknowledge them' },
      { flag: '--limit <n>', summary: 'at most this many', default: '32' },
      { flag: '--force', summary: 'take them even if another process serves the agent' },
    ],
    examples: ['agora inbox', 'agora inbox --as Writer --take --json'],
    load: () => import('./inbox.ts'),
  },
];
