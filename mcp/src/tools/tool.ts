// Tools: their definition as data, and the frame of every call: input check, answer within its bound, pending mail, errors.

import {
  inputRequired,
  inputResponse,
  type CallToolResult,
  type InputRequiredResult,
  type ServerContext,
  type ToolAnnotations,
} from '@modelcontextprotocol/server';
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
  /** Asks the user of the client. The tool runs again with the reply, so nothing may change before. */
  readonly askUser: AskUser;
}

/** Returns the reply to a form; throws `QuestionToUser` while there is none. */
export type AskUser = <Form extends z.ZodObject>(message: string, form: Form) => UserReply<z.output<Form>>;

/** The reply of a user. */
export type UserReply<Content> =
  | { readonly kind: 'answered'; readonly content: Content }
  /** The user has refused to answer, or closed the question. */
  | { readonly kind: 'declined' }
  /** The client cannot ask its user. */
  | { readonly kind: 'unavailable' };

/** Ends a run of a tool with a question to the user. */
class QuestionToUser extends Error {
  readonly result: InputRequiredResult;

  constructor(message: string, requestedSchema: z.ZodObject) {
    super('the user is asked');
    this.result = inputRequired({ inputRequests: { [QUESTION]: inputRequired.elicit({ message, requestedSchema }) } });
  }
}

const QUESTION = 'question';

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
  canAskUser: boolean,
): Promise<CallToolResult | InputRequiredResult> {
  const { signal } = context.mcpReq;
  const callbacks: (() => void | Promise<void>)[] = [];
  const call: ToolCall = {
    signal,
    ...progressOf(context),
    onDelivered: callback => callbacks.push(callback),
    askUser: canAskUser ? (message, form) => replyOf(context, message, form) : () => ({ kind: 'unavailable' }),
  };
  try {
    await session.mailbox.dismissRead();
    const value = await tool.run(session, input, call);
    if (!signal.aborted) for (const callback of callbacks) await callback();
    return resultOf(session, value);
  } catch (error) {
    if (error instanceof QuestionToUser) return error.result;
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

/** The reply of the user, whose content is checked. Clients of 2025 are asked in the same call, by the SDK. */
function replyOf<Form extends z.ZodObject>(
  { mcpReq }: ServerContext,
  message: string,
  form: Form,
): UserReply<z.output<Form>> {
  const reply = inputResponse(mcpReq.inputResponses, QUESTION);
  if (reply.kind !== 'elicit') throw new QuestionToUser(message, form);
  if (reply.action !== 'accept') return { kind: 'declined' };
  const content = form.safeParse(reply.content ?? {});
  if (!content.success) throw new QuestionToUser(message, form);
  return { kind: 'answered', content: content.data };
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
