// The commands about messages: saying something, hearing it, answering it.

import type { CommandDefinition, Flag } from '../../command/command.ts';

const TEXT = { name: 'text', summary: 'what is said; `-` reads standard input', isOptional: true } as const;

/** Of everything that is sent. */
const SENDING: readonly Flag[] = [
  { flag: '--type <type>', summary: 'the type of the message', default: 'message' },
  { flag: '--payload <json>', summary: 'the payload, in place of a text' },
  { flag: '--payload-file <file>', summary: 'the payload, from a file of JSON', suggests: 'files' },
  {
    flag: '--priority <level>',
    summary: 'low, normal, high or critical',
    default: 'normal',
    suggests: ['low', 'normal', 'high', 'critical'],
  },
  { flag: '--header <key=value>', summary: 'a header; may be given more than once', repeats: true },
  { flag: '--id <uuid>', summary: 'a UUIDv7: the same message under the same id is sent once' },
  { flag: '--reply-to <id>', summary: 'the message that this one is about' },
  { flag: '--delay <time>', summary: 'keep it back: 90s, 10m, 2h, 1d' },
  { flag: '--ttl <time>', summary: 'what is not handed out in this time expires' },
];

export const MESSAGE_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'send',
    summary: 'Sends a message, and prints its id.',
    arguments: [
      { name: 'to', summary: 'a name, #group, @capability, or several with commas', suggests: 'agents' },
      TEXT,
    ],
    flags: SENDING,
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
      ...SENDING,
      { flag: '--timeout <time>', summary: 'how long to wait', default: '60s' },
      { flag: '--progress', summary: 'tell how far it is meanwhile' },
    ],
    examples: ["agora ask Reviewer 'Is chapter 3 done?' --timeout 5m", 'agora ask @translate --json < text.txt'],
    load: () => import('./ask.ts'),
  },
  {
    name: 'broadcast',
    summary: 'Says something to every agent.',
    arguments: [TEXT],
    flags: SENDING,
    examples: ["agora broadcast 'The build is green'"],
    load: () => import('./broadcast.ts'),
  },
  {
    name: 'listen',
    summary: 'Hears what is sent to an agent: shows it, or has a program of yours handle it.',
    arguments: [
      {
        name: 'command',
        summary: 'after `--`: runs for each message',
        isOptional: true,
        isList: true,
        suggests: 'files',
      },
    ],
    flags: [
      { flag: '--exec <line>', summary: 'a line for the shell that runs for each message' },
      { flag: '--ack', summary: 'acknowledge what was shown' },
      { flag: '--settle', summary: 'a program beside says on standard input what becomes of each message' },
      { flag: '--task <action>', summary: 'steps of workflows of this action; `*` for all', repeats: true },
      { flag: '--type <type>', summary: 'only messages of this type', repeats: true },
      { flag: '--from <agent>', summary: 'only messages of this agent', repeats: true, suggests: 'agents' },
      {
        flag: '--priority <level>',
        summary: 'only messages of this priority',
        repeats: true,
        suggests: ['low', 'normal', 'high', 'critical'],
      },
      { flag: '--concurrency <n>', summary: 'how many are handled at once', default: '1' },
      { flag: '--timeout <time>', summary: 'how long the program may take for one', default: '5m' },
      { flag: '--grace <time>', summary: 'how long it may go on after Ctrl-C', default: '5s' },
      { flag: '--limit <n>', summary: 'end after so many messages' },
      { flag: '--for <time>', summary: 'end after this time' },
      { flag: '--agent-type <type>', summary: 'what the agent is: worker, specialist, …' },
      { flag: '--capability <name>', summary: 'what it can do, for @capability', repeats: true },
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
    summary: 'Waits until there is mail for an agent, and takes none: exit code 0, or 4 if none came.',
    flags: [{ flag: '--timeout <time>', summary: 'how long; 0 only looks', default: '5m' }],
    examples: ['agora wait --as Writer && agora inbox --as Writer --take'],
    load: () => import('./wait.ts'),
  },
  {
    name: 'inbox',
    summary: 'Shows what waits for an agent, or takes it.',
    flags: [
      { flag: '--take', summary: 'take it: it is shown, and then acknowledged' },
      { flag: '--limit <n>', summary: 'how many at most', default: '32' },
      { flag: '--force', summary: 'take it even if another process serves the agent' },
    ],
    examples: ['agora inbox', 'agora inbox --as Writer --take --json'],
    load: () => import('./inbox.ts'),
  },
];
