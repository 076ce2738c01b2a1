// Tools: their definition as data, and the frame of every call: input check, answer within its bound, pending mail, errors.

import type { CallToolResult, ServerContext, ToolAnnotations } from '@modelcontextprotocol/server';
import type * as z from 'zod';
import { McpError, reportOf } from '../base/mcp-error.ts';
import { jsonBytes, MAX_ANSWER_BYTES } from '../base/size.ts';
import type { AgentSession } from '../agent/agent-session.ts';

/** The facts of one call. */
export interface ToolCall {
  readonly signal: AbortSignal;
  /** True if the client asked for progress, which also keeps its time limit from ending the call. */
  readonly hasProgress: boolean;
  readonly progress: (message: string) => void;
  /** Called after the answer was made, unless the client has cancelled the call. */
  readonly onDelivered: (callback: () => void | Promise<void>) => void;
}

/** The definition of a tool. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  readonly annotations: ToolAnnotations;
  /** Part of the profile `core`. */
  readonly isCore: boolean;
  /** Shown to the model of Claude Code without a search for it. */
  readonly isAlwaysLoaded: boolean;
  /** Hidden from models; hooks of clients call it. */
  readonly isHidden: boolean;
  readonly run: (session: AgentSession, input: unknown, call: ToolCall) => Promise<object>;
}

interface ToolSource<Input extends z.ZodObject> {
  readonly name: string;
  readonly description: string;
  readonly input: Input;
  readonly output: z.ZodObject;
  readonly annotations: ToolAnnotations;
  readonly isCore?: boolean;
  readonly isAlwaysLoaded?: boolean;
  readonly run: (session: AgentSession, input: z.output<Input>, call: ToolCall) => Promise<object>;
}

/** Defines a tool whose input is checked before it runs. */
export function defineTool<Input extends z.ZodObject>(source: ToolSource<Input>): Tool {
  const { isCore = false, isAlwaysLoaded = false, run, ...rest } = source;
  return {
    ...rest,
    isCore,
    isAlwaysLoaded,
    isHidden: false,
    run: (session, input, call) => run(session, parseInput(source, input), call),
  };
}

/** Runs a tool. Never throws: an error is an answer, too. */
export async function callTool(
  tool: Tool,
  session: AgentSession,
  input: unknown,
  context: ServerContext,
): Promise<CallToolResult> {
  const { signal } = context.mcpReq;
  const callbacks: (() => void | Promise<void>)[] = [];
  const call: ToolCall = { signal, ...progressOf(context), onDelivered: callback => callbacks.push(callback) };
  try {
    await session.mailbox.dismissRead();
    const value = await tool.run(session, input, call);
    if (!signal.aborted) for (const callback of callbacks) await callback();
    return resultOf(session, value);
  } catch (error) {
    return { ...resultOf(session, reportOf(error)), isError: true };
  }
}

/** Text and structured content are the same: some clients show one to the model, some the other. */
function resultOf(session: AgentSession, value: object): CallToolResult {
  const { unread, urgent } = session.mailbox.counts();
  const answer = { ...value, inbox: { unread, urgent } };
  if (jsonBytes(answer) > MAX_ANSWER_BYTES) {
    throw new McpError('mcp/bug', 'The answer is larger than its bound.', 'Ask for fewer items (limit).');
  }
  // The text is made of the answer once more, so that members without a value are in neither.
  const text = JSON.stringify(answer);
  return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) as Record<string, unknown> };
}

function progressOf({ mcpReq }: ServerContext): Pick<ToolCall, 'hasProgress' | 'progress'> {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return { hasProgress: false, progress: () => undefined };
  let progress = 0;
  return {
    hasProgress: true,
    progress: message => {
      progress++;
      const params = { progressToken, progress, message };
      // The client may have left; then the signal of the call aborts.
      mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
    },
  };
}

function parseInput<Input extends z.ZodObject>(tool: ToolSource<Input>, input: unknown): z.output<Input> {
  const parsed = tool.input.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'arguments'}: ${message}`);
  const names = Object.keys(tool.input.shape).join(', ');
  throw new McpError(
    'mcp/bad-input',
    faults.join('; '),
    `Call ${tool.name} again; its arguments are: ${names || 'none'}.`,
  );
}
