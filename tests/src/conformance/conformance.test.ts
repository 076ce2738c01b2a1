// Repeats recorded requests to a real SpacetimeDB on the host; the answers must agree, case by case.

import { startHost, type Host } from '@agora/host';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildProbeModules } from './bundles.ts';
import { caseId, readOpenCases } from './open-cases.ts';
import { BEFORE_THE_FIRST, readRecording, Renaming, splitIntoCases, type Cases } from './recording.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { Session } from './session.ts';

const SCENARIO_TIMEOUT_MS = 60_000;

const open = readOpenCases();
const known = new Set<string>();
let host: Host;
let bundles: ReadonlyMap<string, Buffer>;

beforeAll(async () => {
  bundles = await buildProbeModules();
  host = await startHost({ inMemory: true, allowPublish: 'anyone', allowOrigins: ['*'] });
}, SCENARIO_TIMEOUT_MS);
afterAll(() => host.close());

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  describe(name, () => {
    const recorded = readRecording(name);
    let got: Cases = new Map();

    beforeAll(async () => {
      const session = new Session(host.url, name, bundles);
      try {
        await scenario(session);
      } catch (error) {
        session.transcript.note({ scenarioFailed: String(error) });
      } finally {
        session.close();
      }
      got = renameCases(recorded, splitIntoCases(session.transcript.lines));
    }, SCENARIO_TIMEOUT_MS);

    for (const [title, lines] of recorded) {
      const id = caseId(name, title);
      known.add(id);
      const reason = open.get(id);
      if (reason === undefined) test(title, () => expect(parsed(got.get(title))).toEqual(parsed(lines)));
      else test(`differs, as noted: ${title}`, () => expect(parsed(got.get(title))).not.toEqual(parsed(lines)));
    }

    test('the recordings have no other cases', () => {
      const titles = new Set([BEFORE_THE_FIRST, ...recorded.keys()]);
      expect([...got.keys()].filter(title => !titles.has(title))).toEqual([]);
    });
  });
}

test('every open case exists', () => {
  expect([...open.keys()].filter(id => !known.has(id))).toEqual([]);
});

function renameCases(recorded: Cases, got: Cases): Cases {
  const renaming = new Renaming();
  return new Map(
    [...got].map(([title, lines]) => {
      const wanted = recorded.get(title) ?? [];
      return [title, lines.map((line, at) => renaming.rename(wanted[at], line))];
    }),
  );
}

/** Compared as data, so that a failure shows the difference. */
function parsed(lines: readonly string[] | undefined): unknown[] | undefined {
  return lines?.map(line => JSON.parse(line) as unknown);
}
