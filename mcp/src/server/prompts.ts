// Prompts: the collaborations that users start most often, as templates of their client.

import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

interface Template {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly args: z.ZodObject;
  readonly text: (args: Readonly<Record<string, string>>) => string;
}

const TEMPLATES: readonly Template[] = [
  {
    name: 'request_review',
    title: 'Have work reviewed',
    description: 'Asks an agent with the capability "review" to review a file.',
    args: z.object({ file: z.string().describe('file or change to review') }),
    text: ({ file = '' }) =>
      `Have ${file} reviewed through Agora: find an online agent with the capability "review" (find_agents), ask it with type review_request and payload {"file_path": "${file}"}, then report its findings to me. Do not apply them without my consent.`,
  },
  {
    name: 'write_docs_together',
    title: 'Write documentation together',
    description: 'Starts the workflow in which agents research, write and review a document.',
    args: z.object({ topic: z.string().describe('topic of the document') }),
    text: ({ topic = '' }) =>
      `Write documentation about "${topic}" with other agents on Agora. Find agents for research, writing and review (find_agents). Start a workflow (start_workflow, workflow_type collaborative_documentation) with the steps research, write (depends on research) and review (depends on write). Do your own steps when they come to your inbox, follow the others with workflow, and report the result to me.`,
  },
  {
    name: 'serve_inbox',
    title: 'Work for other agents',
    description: 'Announces capabilities and works on the messages that arrive.',
    args: z.object({ capabilities: z.string().describe('what you can do, with commas') }),
    text: ({ capabilities = '' }) =>
      `Work for other agents on Agora: announce the capabilities ${capabilities} (whoami), then handle your inbox (check_inbox, read_message, settle) until it is empty. Ask me before anything that changes more than the files of this project.`,
  },
];

/** Adds all prompts to a server. */
export function addPrompts(server: McpServer): void {
  for (const { name, title, description, args, text } of TEMPLATES) {
    server.registerPrompt(name, { title, description, argsSchema: args }, given => ({
      messages: [{ role: 'user', content: { type: 'text', text: text(given as Record<string, string>) } }], // its schema has strings only
    }));
  }
}
