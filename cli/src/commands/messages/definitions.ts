// Definitions of the commands that send, receive and answer messages.

import { PRIORITY } from '@agora/module/contract';
import type { CommandDefinition, Flag } from '../../command/command.ts';

const TEXT = { name: 'text', summary: 'text of the message; `-` reads standard input', isOptional: true } as const;
const PRIORITY_NAMES = Object.keys(PRIORITY);

const PAYLOAD_FLAGS: readonly Flag[] = [
  { flag: '--payload <json>', summary: 'payload, instead of a text' },
  { flag: '--payload-file <file>', summary: 'payload, from a JSON file', suggests: 'files' },
  {
    flag: '--input <kind>',
    summary: 'what standard input is: text, or json; by default json if it begins with { or [',
    suggests: ['text', 'json'],
  },
];

const SEND_FLAGS: readonly Flag[] = [
  { flag: '--type <type>', summary: 'type of the message', default: 'message' },
  ...PAYLOAD_FLAGS,
  {
    flag: '--priority <level>',
    summary: 'low, normal, high or critical',
    default: 'normal',
    suggests: PRIORITY_NAMES,
  },
  { flag: '--header <key=value>', summary: 'a header; may be repeated', repeats: true },
  { flag: '--id <uuid>', summary: 'a UUIDv7 that makes the call idempotent' },
  { flag: '--reply-to <id>', summary: 'message that this one refers to' },
  { flag: '--delay <time>', summary: 'deliver it after this time: 90s, 10m, 2h, 1d; a number alone is seconds' },
  { flag: '--ttl <time>', summary: 'expire it unless it is delivered within this time' },
];

const HELD = { name: 'message', summary: 'id of a message that was taken, or its first characters' } as const;
const HELD_LIST = { ...HELD, name: 'messages', isList: true } as const;

/** The commands that send, receive and settle messages. */
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
      { flag: '--ack', summary: 'acknowledge each message that wants no answer; questions and steps stay open' },
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
    summary: 'Shows the messages of an agent, or takes them.',
    flags: [
      { flag: '--take', summary: 'take the messages: acknowledge those that want no answer, hold questions and steps' },
      { flag: '--hold <time>', summary: 'how long questions and steps are held for their end; default 10m, up to 1h' },
      { flag: '--limit <n>', summary: 'at most this many', default: '32' },
      { flag: '--force', summary: 'take them even if another process serves the agent' },
    ],
    examples: ['agora inbox', 'agora inbox --as Writer --take --json'],
    load: () => import('./inbox.ts'),
  },
  {
    name: 'history',
    summary: 'Lists the messages that the agent has sent and received, newest first.',
    flags: [
      { flag: '--sent', summary: 'only those that it has sent' },
      { flag: '--received', summary: 'only those that it has received, once they have ended' },
      { flag: '--limit <n>', summary: 'at most this many', default: '20' },
    ],
    examples: ['agora history --as Writer --sent'],
    load: () => import('./history.ts'),
  },
  {
    name: 'message',
    summary: 'Shows a message that the agent has sent or received, and its state at each recipient.',
    arguments: [{ name: 'message', summary: 'id of the message' }],
    examples: ['agora message "$(agora send Writer hello)"'],
    load: () => import('./message.ts'),
  },
  {
    name: 'cancel',
    summary: 'Cancels a message that the agent has sent: it is not delivered, or its handler is notified.',
    arguments: [
      { name: 'message', summary: 'id of the message' },
      { name: 'reason', summary: 'reason, for its holder', isOptional: true },
    ],
    load: () => import('./cancel.ts'),
  },
  {
    name: 'forward',
    summary: 'Forwards a message that the agent has sent or received, with its verified origin; prints the new id.',
    arguments: [
      { name: 'message', summary: 'id of the message' },
      { name: 'to', summary: 'a name, #group, @capability, or several with commas', suggests: 'agents' },
    ],
    load: () => import('./forward.ts'),
  },
  {
    name: 'answer',
    summary: 'Answers a question that was taken, or finishes a step with its output.',
    arguments: [HELD, TEXT],
    flags: [...PAYLOAD_FLAGS, { flag: '--ask-back', summary: 'ask the asker; its reply comes as a new question' }],
    examples: [
      "agora answer 019ae2c8-… 'Chapter 3 is done'",
      'agora answer 019ae2c8-… --payload \'{"approved": true}\'',
      "agora answer 019ae2c8-… --ask-back 'Which edition?'",
    ],
    load: () => import('./answer.ts'),
  },
  {
    name: 'done',
    summary: 'Ends messages that were taken, without an answer: an asker gets null.',
    arguments: [HELD_LIST],
    examples: ['agora done 019ae2c8-…'],
    load: () => import('./done.ts'),
  },
  {
    name: 'fail',
    summary: 'Ends a message that was taken with a failure.',
    arguments: [HELD, { name: 'reason', summary: 'reason, for the sender' }],
    flags: [{ flag: '--again', summary: 'only this attempt has failed: deliver it again after a pause' }],
    examples: ["agora fail 019ae2c8-… 'the file is not there'"],
    load: () => import('./fail.ts'),
  },
  {
    name: 'give-back',
    summary: 'Gives back messages that were taken, to be delivered again, also to another agent of a queue.',
    arguments: [HELD_LIST],
    examples: ['agora give-back 019ae2c8-…'],
    load: () => import('./give-back.ts'),
  },
  {
    name: 'extend',
    summary: 'Holds a message that was taken for longer.',
    arguments: [HELD, { name: 'time', summary: 'time from now, over 60s and up to 1h' }],
    examples: ['agora extend 019ae2c8-… 1h'],
    load: () => import('./extend.ts'),
  },
];
