// Definitions of the commands about events.

import type { CommandDefinition } from '../../command/command.ts';

/** `agora events` and `publish-event`. */
export const EVENT_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'events',
    summary: 'Shows events: the latest, those since a time or a number, or live.',
    arguments: [{ name: 'types', summary: 'only these types: build.failed, build.*', isOptional: true, isList: true }],
    flags: [
      { flag: '--follow', summary: 'keep running, and show new events' },
      {
        flag: '--since <when>',
        summary: 'from this number or time on: 4711, 10m, 2026-01-31T12:00Z; 0 is the first kept event',
      },
      { flag: '--last <n>', summary: 'only among the last n events (20); with --since, only the last n of those' },
      { flag: '--limit <n>', summary: 'end after n events' },
    ],
    examples: ['agora events --since 1h', "agora events --follow 'build.*' --json"],
    load: () => import('./events.ts'),
  },
  {
    name: 'publish-event',
    summary: 'Publishes an event, and prints its id.',
    arguments: [
      { name: 'type', summary: 'such as build.failed' },
      { name: 'text', summary: 'data as {"text": …}; `-` reads standard input', isOptional: true },
    ],
    flags: [
      { flag: '--payload <json>', summary: 'data, a JSON object' },
      { flag: '--payload-file <file>', summary: 'data, from a JSON file', suggests: 'files' },
      { flag: '--input <kind>', summary: 'what standard input is: text, or json', suggests: ['text', 'json'] },
      { flag: '--id <uuid>', summary: 'a UUIDv7 that makes the call idempotent' },
    ],
    examples: [`agora publish-event build.failed --payload '{"branch":"main"}'`],
    load: () => import('./publish-event.ts'),
  },
];
