// Entry point of the MCP server.

export { serveStdio, type StdioOptions } from './server/serve-stdio.ts';
export { MAX_ANSWER_BYTES } from './base/size.ts';
