// The layers of the MCP package.

export const MCP_LAYERS = {
  root: 'mcp/src',
  layers: [
    ['base', 'version.ts'],
    ['mail'],
    // The agent of a session, and its name.
    ['agent'],
    ['tools'],
    ['hook'],
    ['server', 'install'],
    ['http', 'index.ts'],
  ],
  open: [],
};
