// Tools of the conformance suite that ask the client for input: a form for the user, a completion of its model, its roots.

import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  inputResponse,
  ProtocolError,
  ProtocolErrorCode,
  type CallToolResult,
  type InputRequiredResult,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

type Outcome = CallToolResult | InputRequiredResult;

const STATE_KEY = 'the key of a test';

const Envelope = z.looseObject({ [CLIENT_CAPABILITIES_META_KEY]: z.looseObject({}).default({}) });
const Named = z.object({ name: z.string() });
const Confirmed = z.object({ ok: z.boolean() });

const answer = (text: string): CallToolResult => ({ content: [{ type: 'text', text }] });
const form = (message: string, requestedSchema: z.ZodObject) => inputRequired.elicit({ message, requestedSchema });
const askModel = (text: string, maxTokens = 100) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens });

/** Adds the tools and the prompt that need input. */
export function addInputTools(server: McpServer): void {
  const tool = (name: string, run: (context: ServerContext) => Outcome) =>
    server.registerTool(name, { description: 'Asks for input' }, run);

  tool('test_input_required_result_elicitation', ({ mcpReq }) => {
    const user = acceptedContent(mcpReq.inputResponses, 'user_name', Named);
    if (!user) return inputRequired({ inputRequests: { user_name: form('What is your name?', Named) } });
    return answer(`Hello, ${user.name}!`);
  });
  tool('test_input_required_result_sampling', ({ mcpReq }) => {
    const reply = inputResponse(mcpReq.inputResponses, 'capital_question');
    if (reply.kind !== 'sampling') {
      return inputRequired({ inputRequests: { capital_question: askModel('What is the capital of France?') } });
    }
    return answer(JSON.stringify(reply.result.content));
  });
  tool('test_input_required_result_list_roots', ({ mcpReq }) => {
    const reply = inputResponse(mcpReq.inputResponses, 'client_roots');
    if (reply.kind !== 'roots') return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    return answer(reply.roots.map(({ uri }) => uri).join(', '));
  });
  for (const name of ['test_input_required_result_request_state', 'test_input_required_result_tampered_state']) {
    tool(name, ({ mcpReq }) => {
      const state = stateOf(mcpReq);
      if (state === undefined || !acceptedContent(mcpReq.inputResponses, 'confirm', Confirmed)) {
        const inputRequests = { confirm: form('Please confirm', Confirmed) };
        return inputRequired({ inputRequests, requestState: signed('confirm') });
      }
      return answer('state-ok');
    });
  }
  tool('test_input_required_result_multiple_inputs', ({ mcpReq }) => {
    const user = acceptedContent(mcpReq.inputResponses, 'user_name', Named);
    const greeting = inputResponse(mcpReq.inputResponses, 'greeting');
    const roots = inputResponse(mcpReq.inputResponses, 'client_roots');
    if (!user || greeting.kind !== 'sampling' || roots.kind !== 'roots') {
      return inputRequired({
        inputRequests: {
          user_name: form('What is your name?', Named),
          greeting: askModel('Generate a greeting', 50),
          client_roots: inputRequired.listRoots(),
        },
        requestState: signed('inputs'),
      });
    }
    return answer(`${JSON.stringify(greeting.result.content)} ${user.name}, ${roots.roots.length} roots`);
  });
  tool('test_input_required_result_multi_round', ({ mcpReq }) => {
    const state = stateOf(mcpReq);
    const Colour = z.object({ color: z.string() });
    if (state === 'round-2') {
      const colour = acceptedContent(mcpReq.inputResponses, 'step2', Colour);
      if (colour) return answer(`Done: ${colour.color}`);
    }
    if (state === 'round-1' && acceptedContent(mcpReq.inputResponses, 'step1', Named)) {
      const inputRequests = { step2: form('Step 2: What is your favorite color?', Colour) };
      return inputRequired({ inputRequests, requestState: signed('round-2') });
    }
    const inputRequests = { step1: form('Step 1: What is your name?', Named) };
    return inputRequired({ inputRequests, requestState: signed('round-1') });
  });
  tool('test_input_required_result_capabilities', ({ mcpReq }) => {
    const can = capabilitiesOf(mcpReq);
    const inputRequests = {
      ...('elicitation' in can && { user_name: form('What is your name?', Named) }),
      ...('sampling' in can && { greeting: askModel('Generate a greeting') }),
      ...('roots' in can && { client_roots: inputRequired.listRoots() }),
    };
    return Object.keys(inputRequests).length > 0 ? inputRequired({ inputRequests }) : answer('nothing can be asked');
  });
  // The SDK refuses the request of a client without the capability.
  tool('test_missing_capability', () =>
    inputRequired({ inputRequests: { greeting: askModel('Generate a greeting') } }),
  );
  tool('test_streaming_elicitation', () =>
    inputRequired({ inputRequests: { user_name: form('What is your name?', Named) } }),
  );
  server.registerPrompt('test_input_required_result_prompt', { description: 'Asks for input' }, ({ mcpReq }) => {
    const Context = z.object({ context: z.string() });
    const given = acceptedContent(mcpReq.inputResponses, 'user_context', Context);
    if (!given) {
      return inputRequired({ inputRequests: { user_context: form('What context should the prompt use?', Context) } });
    }
    return { messages: [{ role: 'user', content: { type: 'text', text: given.context } }] };
  });
}

function capabilitiesOf({ envelope }: ServerContext['mcpReq']): object {
  return Envelope.parse(envelope ?? {})[CLIENT_CAPABILITIES_META_KEY];
}

function signed(state: string): string {
  return `${state}.${createHmac('sha256', STATE_KEY).update(state).digest('hex')}`;
}

/** The verified state that the client sends back. */
function stateOf({ requestState }: ServerContext['mcpReq']): string | undefined {
  const given = requestState();
  if (typeof given !== 'string') return undefined;
  const [state = '', signature = ''] = given.split('.');
  const expected = Buffer.from(signed(state));
  const received = Buffer.from(`${state}.${signature}`);
  if (expected.length !== received.length || !timingSafeEqual(expected, received)) {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'the request state was changed');
  }
  return state;
}
