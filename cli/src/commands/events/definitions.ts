// The commands about events: following and publishing them.

import type { CommandDefinition } from '../../command/command.ts';

export const EVENT_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'events',
    summary: 'Shows events: the last ones, those since a time or a number, or live.',
    arguments: [{ name: 'types', summary: 'only these: build.failed, build.*', isOptional: true, isList: true }],
    flags: [
      { flag: '--follow', summary: 'go on with what comes' },
      {
        flag: '--since <when>',
        summary: 'from a number on, or a time: 4711, 10m, 2026-01-31T12:00Z; 0 is the first kept',
      },
      { flag: '--last <n>', summary: 'without --since: of the last so many', default: '20' },
      { flag: '--limit <n>', summary: 'end after so many' },
    ],
    examples: ['agora events --since 1h', "agora events --follow 'build.*' --json"],
    load: () => import('./events.ts'),
  },
  {
    name: 'publish-event',
    summary: 'Publishes an event, and prints its id.',
    arguments: [
      { name: 'type', summary: 'such as build.failed' },
      { name: 'text', summary: 'its data as {"text": …}; `-` reads standard input', isOptional: true },
    ],
    flags: [
      { flag: '--payload <json>', summary: 'its data, a JSON object' },
      { flag: '--payload-file <file>', summary: 'its data, from a file', suggests: 'files' },
      { flag: '--id <uuid>', summary: 'a UUIDv7: the same event under the same id is published once' },
    ],
    examples: [`agora publish-event build.failed --payload '{"branch":"main"}'`],
    load: () => import('./publish-event.ts'),
  },
];
