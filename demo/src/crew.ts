// The three agents of the demo, each in its own process.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DemoError } from './demo-error.ts';
import type { Stage } from './stage.ts';

/** The file and the leading capability of each agent, by its name. */
export const CREW = {
  DocSystemAgent: { file: 'doc-system-agent.ts', capability: 'documentation' },
  ReviewAgent: { file: 'review-agent.ts', capability: 'review' },
  QualityAgent: { file: 'quality-agent.ts', capability: 'quality' },
} as const;

/** The name of an agent of the crew. */
export type CrewName = keyof typeof CREW;
/** The names of the crew, in start order. */
export const CREW_NAMES = Object.keys(CREW) as readonly CrewName[]; // the keys of CREW are its names

const LEAVE_TIMEOUT_MS = 5000;

/** The running processes. `failed` rejects when one ends before `leave` is called. */
export class Crew {
  readonly failed: Promise<never>;
  readonly #processes: ChildProcess[];
  readonly #complaints = new Map<CrewName, string>();
  #leaving = false;

  /** Starts all three on the hub; their output goes to the stage under their names. */
  constructor(server: string, out: string, stage: Stage) {
    this.#processes = CREW_NAMES.map(name => {
      const file = fileURLToPath(new URL(`./agents/${CREW[name].file}`, import.meta.url));
      const child = spawn(process.execPath, [file, server, out], { stdio: ['pipe', 'pipe', 'pipe'] });
      createInterface({ input: child.stdout }).on('line', line => stage.show(name, line));
      createInterface({ input: child.stderr }).on('line', line => {
        stage.show(name, line);
        this.#complaints.set(name, line);
      });
      return child;
    });
    this.failed = Promise.race(
      CREW_NAMES.map(async (name, at): Promise<never> => {
        const child = this.#processes[at];
        if (child) await exited(child);
        if (this.#leaving) return new Promise<never>(() => undefined);
        const reason = this.#complaints.get(name) ?? `with ${child?.exitCode ?? child?.signalCode}`;
        throw new DemoError(`${name} ended too early: ${reason}.`);
      }),
    );
    // Scenes race against it; between scenes it has no listener.
    this.failed.catch(() => undefined);
  }

  /** Makes all leave and close their connections; returns true if none had to be killed. */
  async leave(): Promise<boolean> {
    this.#leaving = true;
    const codes = await Promise.all(
      this.#processes.map(async child => {
        child.stdin?.end();
        const force = setTimeout(() => child.kill('SIGKILL'), LEAVE_TIMEOUT_MS);
        await exited(child);
        clearTimeout(force);
        return child.exitCode;
      }),
    );
    return codes.every(code => code === 0);
  }
}

function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}
