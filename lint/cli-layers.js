// The layers of the command line.

/** Groups of commands: folders that do not import each other. */
const GROUPS = [
  'agents',
  'claims',
  'data',
  'dead-letters',
  'events',
  'hub',
  'mcp',
  'messages',
  'operator',
  'workflows',
];

export const CLI_LAYERS = {
  root: 'cli/src',
  layers: [
    // Errors, settings, output, and values of flags; they know no command.
    ['base', 'version.ts'],
    // A command, and the parts that several groups share: context, payload, agents, confirmation.
    ['command'],
    // Features of one or several commands.
    ['completion', 'doctor', 'graph', 'migrate'],
    GROUPS.map(group => `commands/${group}`),
    // The table of all commands.
    ['commands'],
    ['command-line.ts'],
    ['main.ts'],
  ],
};
