// `npm run demo`: three agents, each in its own process, document this repository together. Exits 0 only if every scene
// succeeded.

import { setTimeout as sleep } from 'node:timers/promises';
import { accessSync, constants } from 'node:fs';
import { makeFolder } from '@agora/host/make-folder';
import { joinAsCoordinator, areNamesTaken } from './coordinator.ts';
import { Crew } from './crew.ts';
import { DemoError } from './demo-error.ts';
import { findHub } from './find-hub.ts';
import { type DemoFlags, parseDemoFlags, USAGE } from './flags.ts';
import { announce } from './scenes/announce.ts';
import { documentTogether, type Documented } from './scenes/document.ts';
import { meet } from './scenes/meet.ts';
import { race } from './scenes/race.ts';
import { Stage } from './stage.ts';

/** The whole demo takes seconds; one that hangs is ended. */
const TIMEOUT_MS = 180_000;

try {
  const flags = parseDemoFlags(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd());
  if (flags) await runDemo(flags);
  else console.log(USAGE);
} catch (thrown) {
  if (!(thrown instanceof DemoError)) throw thrown;
  console.error(thrown.message);
  process.exitCode = thrown.exitCode;
}
// A process that a timeout left behind must not keep the demo running.
process.exit();

async function runDemo({ out, server }: DemoFlags): Promise<void> {
  prepareFolder(out);
  const stage = new Stage(line => console.log(line));
  const hub = await findHub(server, areNamesTaken);
  stage.show('hub', `${hub.url} (${hub.how})`);
  try {
    const documented = await Promise.race([perform(hub.url, out, stage), tooLate(), interrupted()]);
    stage.summary(summary(documented, out));
  } finally {
    await hub.close();
  }
}

function prepareFolder(out: string): void {
  try {
    makeFolder(out);
    accessSync(out, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new DemoError(`The folder ${out} cannot be written; choose another with --out.`, 1, { cause });
  }
}

async function perform(server: string, out: string, stage: Stage): Promise<Documented> {
  const coordinator = await joinAsCoordinator(server, stage);
  const crew = new Crew(server, out, stage);
  try {
    const documented = await Promise.race([allScenes(), crew.failed]);
    stage.scene('The agents leave');
    stage.must(await crew.leave(), 'all three agents left in good order');
    return documented;
  } finally {
    await crew.leave();
    await coordinator.leave();
  }

  async function allScenes(): Promise<Documented> {
    await meet(coordinator, stage);
    await announce(coordinator, stage);
    const result = await documentTogether(coordinator, stage);
    await race(coordinator, stage);
    return result;
  }
}

async function tooLate(): Promise<never> {
  await sleep(TIMEOUT_MS, undefined, { ref: false });
  throw new DemoError(`The demo did not end within ${TIMEOUT_MS / 1000} seconds.`);
}

function interrupted(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new DemoError(`The demo was ended by ${signal}.`)));
  });
}

function summary({ drafts, review, assessment }: Documented, out: string): string[] {
  const rows = drafts.pages.map(page => {
    const reviewed = review.pages.find(({ folder }) => folder === page.folder);
    const scored = assessment.pages.find(({ folder }) => folder === page.folder);
    const facts = [
      `${page.exports} exports`,
      `${reviewed?.corrected ?? 0} findings corrected`,
      `${scored?.described ?? 0} % described in the source`,
      `score ${scored?.total ?? 0}`,
    ];
    return `${page.folder.padEnd(8)} ${facts.join(', ')}`;
  });
  return [...rows, `average  score ${assessment.average}`, '', `The documents are in ${out}.`];
}
