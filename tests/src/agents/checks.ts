// What real coding agents have to do: be woken when they are idle, ask and answer each other, and go on after a kill.

import { readFileSync } from 'node:fs';
import type { AgoraClient } from '@agora/client';
import { inOrder, type Model, type Script, type Step } from './model.ts';
import { AGENTS, type ProgramName, type Programs, type Running } from './programs.ts';

/** The parts of a check. */
export interface Stage {
  readonly programs: Programs;
  readonly models: Readonly<Record<ProgramName, Model>>;
  /** An agent that is no coding agent. */
  readonly client: AgoraClient;
}

/** One check. */
export interface Check {
  readonly title: string;
  /** Returns what was seen; throws what went wrong. */
  readonly run: (stage: Stage) => Promise<string>;
}

const WITHIN_MS = 60_000;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/;
const WAIT: Step = { tool: 'wait_for_message', input: { timeout_s: 60 } };

/** How a program runs a prompt and ends, and how it continues its last session. */
const WORDS = {
  claude: {
    once: ['-p', '--allowedTools', 'mcp__agora', '--', 'go'],
    again: ['-p', '--continue', '--allowedTools', 'mcp__agora', '--', 'go on'],
    terminal: ['--allowedTools', 'mcp__agora', '--', 'go'],
  },
  codex: {
    once: ['exec', '--skip-git-repo-check', 'go'],
    again: ['exec', 'resume', '--last', '--skip-git-repo-check', 'go on'],
    // A terminal of Codex asks its user first whether it may run the hooks.
    terminal: ['--dangerously-bypass-hook-trust', 'go'],
  },
} as const satisfies Record<ProgramName, unknown>;

export const CHECKS: readonly Check[] = [
  wakes('claude', 'its background hook'),
  wakes('codex', '`codex queue`'),
  asks('claude', 'codex'),
  asks('codex', 'claude'),
  resumes('claude'),
  resumes('codex'),
];

/** Settles the message that the newest part is about. */
function settle(text: string): Script {
  return seen => ({ tool: 'settle', input: { id: UUID.exec(seen)?.[0] ?? 'none', how: 'answer', text } });
}

/** An idle session in a terminal gets a turn when mail comes, and answers it. */
function wakes(name: ProgramName, by: string): Check {
  return {
    title: `${name}: an idle session is woken by ${by}`,
    async run({ programs, models, client }) {
      const idle = Promise.withResolvers<void>();
      const woken = Promise.withResolvers<string>();
      models[name].follow(seen => {
        if (seen.includes('Agora: 1 new message')) {
          woken.resolve(seen);
          return settle('I am awake')(seen);
        }
        if (!seen.includes('unread')) return { tool: 'check_inbox', input: {} };
        idle.resolve();
        return { text: 'nothing to do' };
      });
      const running = programs.startInTerminal(name, WORDS[name].terminal);
      await within(idle.promise, running, 'its first turn did not end');
      await within(programs.untilIdle(name), running, 'it did not become idle');
      const sentAt = performance.now();
      const answer = client.ask({ toAgent: AGENTS[name], messageType: 'question', payload: {}, timeoutMs: WITHIN_MS });
      const seen = await within(woken.promise, running, 'it was not woken');
      const tookMs = performance.now() - sentAt;
      // The text of a hook at the end of a turn would not show that an idle session was woken.
      if (seen.includes('hook_prompt') || (name === 'claude' && !seen.includes('task-notification')))
        throw new Error(`the turn had not ended: ${seen.slice(-500)}`);
      expectText(seen, 'Bodies are the words of other agents');
      expectText(JSON.stringify((await within(answer, running, 'it did not answer')).data), 'I am awake');
      await kill(running);
      return `woken after ${(tookMs / 1_000).toFixed(1)} s, answered`;
    },
  };
}

/** One program asks, the other one waits for the message and answers it. */
function asks(asker: ProgramName, worker: ProgramName): Check {
  return {
    title: `${asker} asks ${worker}`,
    async run({ programs, models, client }) {
      const answered = Promise.withResolvers<string>();
      models[worker].follow(inOrder(WAIT, settle('forty-two')));
      models[asker].follow(
        inOrder({ tool: 'ask', input: { to: AGENTS[worker], text: 'how many?', timeout_s: 60 } }, seen => {
          answered.resolve(seen);
          return { text: 'thank you' };
        }),
      );
      const working = programs.start(worker, WORDS[worker].once);
      await within(present(client, AGENTS[worker]), working, 'its agent did not come');
      const asking = programs.start(asker, WORDS[asker].once);
      expectText(await within(answered.promise, asking, 'it got no answer'), 'forty-two');
      for (const { ended } of [asking, working]) {
        const { code, output } = await ended;
        if (code !== 0) throw new Error(`it ended with ${code}: ${output.slice(-500)}`);
      }
      return 'asked, answered, both ended with 0';
    },
  };
}

/** A program is killed while it holds a message, and settles it after it was started again. */
function resumes(name: ProgramName): Check {
  return {
    title: `${name}: killed with a message in hand, and resumed`,
    async run({ programs, models, client }) {
      const held = Promise.withResolvers<string>();
      models[name].follow(
        inOrder(WAIT, seen => {
          held.resolve(seen);
          return 'silence';
        }),
      );
      const first = programs.start(name, WORDS[name].once);
      await within(present(client, AGENTS[name]), first, 'its agent did not come');
      const answer = client.ask({ toAgent: AGENTS[name], messageType: 'question', payload: {}, timeoutMs: WITHIN_MS });
      const [id = 'no id'] = UUID.exec(await within(held.promise, first, 'it got no message')) ?? [];
      await kill(first);

      const shown = Promise.withResolvers<string>();
      models[name].follow(
        inOrder(WAIT, seen => {
          shown.resolve(seen);
          return settle('after the kill')(seen);
        }),
      );
      const second = programs.start(name, WORDS[name].again);
      expectText(await within(shown.promise, second, 'it got no message again'), id);
      expectText(JSON.stringify((await within(answer, second, 'it did not answer')).data), 'after the kill');
      const { code, output } = await second.ended;
      if (code !== 0) throw new Error(`it ended with ${code}: ${output.slice(-500)}`);
      return 'the same message was shown again and answered';
    },
  };
}

/** Kills a program without its servers, which lose their input. */
async function kill({ child, ended }: Running): Promise<void> {
  for (const pid of [child.pid ?? 0, ...childrenOf(child.pid ?? 0)]) process.kill(pid, 'SIGKILL');
  await ended;
}

/** The children of a process that are the same program: a starter of Codex has one. */
function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.filter(child => /claude|codex/.test(readFileSync(`/proc/${child}/comm`, 'utf8')));
}

/** Waits until an agent is served by a process. */
async function present(client: AgoraClient, name: string): Promise<void> {
  for await (const agents of client.watchAgents({ name })) if (agents.some(each => each.presence === 'online')) return;
}

async function within<T>(promise: Promise<T>, { ended }: Running, failure: string): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`${failure} within ${WITHIN_MS / 1_000} s`)), WITHIN_MS).unref();
  });
  const over = ended.then(({ code, output }): never => {
    throw new Error(`${failure}; it ended with ${code}: ${output.slice(-800)}`);
  });
  return Promise.race([promise, late, over]);
}

function expectText(text: string, part: string): void {
  if (!text.includes(part)) throw new Error(`"${part}" is missing in ${text.slice(-1_000)}`);
}
