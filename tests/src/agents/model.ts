// A stand-in for the model of a coding agent: each request of the program gets the next step of a script.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What the model does next: calls a tool of Agora, ends the turn, or never answers. */
export type Step =
  { readonly tool: string; readonly input: Readonly<Record<string, unknown>> } | { readonly text: string } | 'silence';

/** Chooses the next step; `seen` is the newest part of the conversation, as the program sent it. */
export type Script = (seen: string) => Step;

/** How one model API is spoken. */
export interface ModelApi {
  /** The newest part of the conversation; undefined for a request that no script should see. */
  readonly newestOf: (path: string, body: unknown) => string | undefined;
  /** Answers a request of the script. */
  readonly reply: (response: ServerResponse, step: Exclude<Step, 'silence'>, count: number) => void;
  /** Answers every other request. */
  readonly replyOther: (response: ServerResponse, path: string, body: unknown) => void;
}

/** A running stand-in. */
export class Model implements AsyncDisposable {
  readonly url: string;
  readonly #close: () => Promise<void>;
  #script: Script = () => ({ text: 'done' });

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  /** Starts a stand-in for an API on any free port of this machine. */
  static async start(api: ModelApi): Promise<Model> {
    let count = 0;
    const answer = async (request: IncomingMessage, response: ServerResponse) => {
      const path = new URL(request.url ?? '/', 'http://model').pathname;
      const body = parsed(await text(request));
      const seen = request.method === 'POST' ? api.newestOf(path, body) : undefined;
      if (seen === undefined) return api.replyOther(response, path, body);
      const step = model.#script(seen);
      if (step !== 'silence') api.reply(response, step, ++count);
    };
    const server = createServer((request, response) => void answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // it listens on a port
    const model: Model = new Model(`http://127.0.0.1:${port}`, async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    return model;
  }

  /** Follows another script from now on. */
  follow(script: Script): void {
    this.#script = script;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Sends one server-sent event. */
export function sendEvent(response: ServerResponse, type: string, data: object): void {
  response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
}

/** The answer of Codex to a call of a tool whose server has not started yet. */
const NOT_YET = 'unsupported call';

/**
 * Makes a script of steps in their order, which ends its turn after them. A step may depend on the newest part. A call that
 * came too early is made again.
 */
export function inOrder(...steps: readonly (Step | Script)[]): Script {
  let at = 0;
  let last: Step = { text: 'done' };
  return seen => {
    if (seen.includes(NOT_YET)) return last;
    const step = steps[at++] ?? { text: 'done' };
    last = typeof step === 'function' ? step(seen) : step;
    return last;
  };
}
