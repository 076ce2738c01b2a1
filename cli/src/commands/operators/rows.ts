// The commands for whoever runs a hub: operators, dead letters, copies of its data, old files.

import type { CommandRow } from '../../command.ts';

export const OPERATOR_COMMANDS: readonly CommandRow[] = [
  {
    name: 'migrate-files',
    summary: 'Sends each file of an old inbox tree as a message, and moves aside what the hub has.',
    arguments: [{ name: 'folder', summary: 'the tree, such as DIR/<recipient>/inbox/*.json', suggests: 'files' }],
    flags: [
      { flag: '--to <name>', summary: 'whom files are for that do not say it: a name, #group, @capability or *' },
      { flag: '--type <type>', summary: 'the type of files that name none (file_message)' },
      { flag: '--override', summary: 'let --to and --type hold for all files' },
      { flag: '--handled-too', summary: 'go into folders such as processed, done, archive and sent as well' },
      { flag: '--dry-run', summary: 'send and move nothing; tell what would be done' },
      { flag: '--resend', summary: 'send again what a run long ago may have sent before it was ended' },
    ],
    examples: ['agora migrate-files ./agents --dry-run', 'agora migrate-files ./inbox --to Archivist --json'],
    load: () => import('./migrate-files.ts'),
  },
];
