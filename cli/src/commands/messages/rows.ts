// The commands about messages: saying something, hearing it, answering it.

import type { CommandRow, Flag } from '../../command.ts';

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

export const MESSAGE_COMMANDS: readonly CommandRow[] = [
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
];
