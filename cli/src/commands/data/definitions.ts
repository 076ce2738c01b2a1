// Definitions of the commands about stored data: backups, and old inbox files.

import type { CommandDefinition, Flag } from '../../command/command.ts';

const DATA_DIR: Flag = {
  flag: '--data-dir <folder>',
  summary: 'data folder of the hub (AGORA_DATA_DIR; ~/.local/share/agora)',
  suggests: 'files',
};

/** `agora backup`, `restore` and `migrate-files`. */
export const DATA_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'backup',
    summary: 'Copies the data of a hub on this machine, running or not.',
    flags: [{ flag: '--to <folder>', summary: 'folder for the copy; it must not exist', suggests: 'files' }, DATA_DIR],
    examples: ['agora backup --to ./backup-monday'],
    load: () => import('./backup.ts'),
  },
  {
    name: 'restore',
    summary: 'Restores a data folder from a copy, after checking the whole copy.',
    flags: [{ flag: '--from <folder>', summary: 'folder of the copy', suggests: 'files' }, DATA_DIR],
    examples: ['agora restore --from ./backup-monday --data-dir ./data'],
    load: () => import('./restore.ts'),
  },
  {
    name: 'migrate-files',
    summary: 'Sends each file of an old inbox tree as a message, and moves sent files aside.',
    arguments: [{ name: 'folder', summary: 'the tree, such as DIR/<recipient>/inbox/*.json', suggests: 'files' }],
    flags: [
      { flag: '--to <name>', summary: 'recipient of files that name none: a name, #group, @capability or *' },
      { flag: '--type <type>', summary: 'message type of files that name none (file_message)' },
      { flag: '--override', summary: 'apply --to and --type to all files' },
      { flag: '--handled-too', summary: 'also read folders such as processed, done, archive and sent' },
      { flag: '--dry-run', summary: 'only show what would be sent; send and move nothing' },
      { flag: '--resend', summary: 'resend files that an earlier run may or may not have sent' },
    ],
    examples: ['agora migrate-files ./agents --dry-run', 'agora migrate-files ./inbox --to Archivist --json'],
    load: () => import('./migrate-files.ts'),
  },
];
