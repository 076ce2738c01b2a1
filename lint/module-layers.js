// The layers of the module: entry points on top, domain folders that depend only downwards, tables and contract at the bottom.

export const MODULE_LAYERS = {
  root: 'module/src',
  layers: [
    ['tables', 'contract'],
    ['schema.ts'],
    ['micros.ts', 'refuse.ts', 'text.ts', 'hub.ts'],
    ['trace.ts', 'mailbox.ts'],
    ['access.ts'],
    ['unit-of-work.ts'],
    ['checks.ts'],
    ['time', 'quota'],
    ['event'],
    ['group'],
    ['message'],
    ['claim'],
    ['agent'],
    ['operator', 'workflow'],
    ['published'],
    ['index.ts'],
  ],
  exceptions: [
    {
      from: 'unit-of-work.ts',
      to: 'message/task-owner.ts',
      reason: 'a type only: the unit of work carries the hook that `message` declares and `published` supplies',
    },
  ],
};
