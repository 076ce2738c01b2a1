// The load `mcp`: tool calls of a coding agent beside calls of the client.

import { runLoad, type Load } from '../harness.ts';
import { client, tools } from '../mcp/contenders.ts';
import { table } from '../print.ts';

/** The same acts by a tool over standard input and output, and by the client. */
export const mcp: Load = {
  name: 'mcp',
  run: (size, note) => runLoad({ name: 'mcp', contenders: [client, tools], held: 'messages arrived' }, size, note),
  print: table,
};
