// Tools, prompts and resources that the official conformance suite calls, added to Agora's server by its `extend` hook: so the
// suite tests the same entry, transport and guards as Agora's tools. Names and contents are those that the suite requires.

import { setTimeout as pause } from 'node:timers/promises';
import {
  completable,
  ResourceTemplate,
  type CallToolResult,
  type ContentBlock,
  type McpServer,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { addInputTools } from './conformance-input-tools.ts';

/** One red pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
/** A sound without samples. */
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=';
const STEP_MS = 50;

const text = (value: string): ContentBlock => ({ type: 'text', text: value });
const image: ContentBlock = { type: 'image', data: PNG, mimeType: 'image/png' };
const resource = (uri: string, mimeType: string, value: string): ContentBlock => ({
  type: 'resource',
  resource: { uri, mimeType, text: value },
});
const answer = (...content: ContentBlock[]): CallToolResult => ({ content });

/** Adds all fixtures of the suite. */
export function addConformanceTools(server: McpServer): void {
  addContentTools(server);
  addLongTools(server);
  addInputTools(server);
  addPrompts(server);
  addResources(server);
}

function addContentTools(server: McpServer): void {
  const fixed = (name: string, ...content: ContentBlock[]) =>
    server.registerTool(name, { description: 'Returns fixed content' }, () => answer(...content));
  fixed('test_simple_text', text('This is a simple text response for testing.'));
  fixed('test_image_content', image);
  fixed('test_audio_content', { type: 'audio', data: WAV, mimeType: 'audio/wav' });
  fixed(
    'test_embedded_resource',
    resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
  );
  fixed(
    'test_multiple_content_types',
    text('Multiple content types test:'),
    image,
    resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
  );
  server.registerTool('test_error_handling', { description: 'Always fails' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  const withSchema = z.object({ name: z.string().optional(), address: z.object({ street: z.string() }).optional() });
  server.registerTool('json_schema_2020_12_tool', { description: 'Has a schema', inputSchema: withSchema }, () =>
    answer(text('ok')),
  );
}

function addLongTools(server: McpServer): void {
  server.registerTool('test_tool_with_progress', { description: 'Reports progress' }, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      }
      await pause(STEP_MS);
    }
    return answer(text('done'));
  });
  // Without a level in the request, nothing is logged.
  server.registerTool('test_logging_tool', { description: 'Logs' }, () => answer(text('done')));
}

function addPrompts(server: McpServer): void {
  const user = (...content: ContentBlock[]) => ({
    messages: content.map(each => ({ role: 'user' as const, content: each })),
  });
  server.registerPrompt('test_simple_prompt', { description: 'A fixed prompt' }, () =>
    user(text('This is a simple prompt for testing.')),
  );
  const argument = completable(z.string(), value => [`${value}ing`]);
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'A prompt with arguments', argsSchema: z.object({ arg1: argument, arg2: z.string() }) },
    ({ arg1, arg2 }) => user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'A prompt with a resource', argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri }) =>
      user(
        resource(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
        text('Please process the embedded resource above.'),
      ),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'A prompt with an image' }, () =>
    user(image, text('Please analyze the image above.')),
  );
}

function addResources(server: McpServer): void {
  server.registerResource(
    'static-text',
    'test://static-text',
    { description: 'A text', mimeType: 'text/plain' },
    ({ href }) => ({
      contents: [{ uri: href, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
    }),
  );
  server.registerResource(
    'static-binary',
    'test://static-binary',
    { description: 'An image', mimeType: 'image/png' },
    ({ href }) => ({ contents: [{ uri: href, mimeType: 'image/png', blob: PNG }] }),
  );
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  server.registerResource('template', template, { description: 'A template' }, ({ href }, { id }) => ({
    contents: [
      {
        uri: href,
        mimeType: 'application/json',
        text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
      },
    ],
  }));
}
