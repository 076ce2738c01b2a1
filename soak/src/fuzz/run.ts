// The fuzz run: sends input to every parser of the host and checks for crashes, hangs and growth of the heap.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMemoryStorage, Database, systemWorld, type World } from '@agora/host/fuzzing';
import { buildProbe, probeNames, readCorpus } from './corpus.ts';
import { Frames, removeRows } from './frames.ts';
import { Random } from './random.ts';
import { Readers } from './readers.ts';
import { Requests } from './requests.ts';
import { Tally, withoutTraces } from './tally.ts';

const OWNER = 0xfeedn;
/** Shares of a thousand inputs; requests are expensive. */
const SHARES = { frame: 300, value: 270, sql: 200, json: 120, definition: 105, http: 5 } as const;
/** Inputs between two removals of the rows that calls inserted. */
const ROUND = 20_000;
/** Turns of frames between two further removals, so that joins of a table with itself stay small. */
const CLEAN = 16;
/** Maximum growth of the heap from the first fifth to the end. */
const MAX_GROWTH_BYTES = 48 * 1024 * 1024;
/** Some reducers loop as often as their arguments demand. */
const CALL_LIMITS = { callMs: 200, callBytes: 1024 ** 3 };
/** Functions that take long on purpose, or make requests. */
const LEFT_OUT = /fill_|sum_large|fetch|schedule|heartbeat/;

/** Options of a run. */
export interface FuzzOptions {
  readonly inputs: number;
  readonly seed: number;
  readonly note: (line: string) => void;
}

/** Result of a run. */
export interface FuzzResult {
  readonly inputs: number;
  readonly answered: number;
  readonly refused: number;
  readonly faults: readonly string[];
  readonly grownBytes: number;
}

/** Runs the inputs, in an order that only the seed decides. */
export function runFuzz(options: FuzzOptions): Promise<FuzzResult> {
  return withoutTraces(() => run(options));
}

async function run({ inputs, seed, note }: FuzzOptions): Promise<FuzzResult> {
  const random = new Random(seed);
  const tally = new Tally();
  const bundle = await buildProbe('probe');
  const database = await openDatabase(bundle);
  const corpus = readCorpus(database);
  const messages = corpus.messages.filter(bytes => !LEFT_OUT.test(Buffer.from(bytes).toString('latin1')));
  const descriptions: Uint8Array[] = [];
  for (const name of probeNames()) {
    const other = await openDatabase(await buildProbe(name));
    descriptions.push(other.rawDescription);
    await other.close();
  }
  const readers = new Readers({ random, tally, database, corpus, descriptions });
  const frames = new Frames(random, tally, database, messages);
  const requests = await Requests.open(random, tally, corpus, bundle);
  let heapAtFirst: number | undefined;
  let done = 0;
  try {
    while (done < inputs && tally.faults.length === 0) {
      const round = Math.min(ROUND, inputs - done);
      for (let left = share(round, 'frame'), turns = 1; left > 0; turns++) {
        left -= await frames.turn();
        if (turns % CLEAN === 0) removeRows(database);
      }
      for (let left = share(round, 'value'); left > 0; left--) readers.value();
      for (let left = share(round, 'sql'); left > 0; left--) readers.sql();
      for (let left = share(round, 'json'); left > 0; left--) readers.json();
      for (let left = share(round, 'definition'); left > 0; left--) readers.definition();
      for (let left = share(round, 'http'); left > 0;) left -= await requests.turn();
      removeRows(database);
      done += round;
      if (heapAtFirst === undefined && done >= inputs / 5) heapAtFirst = heapBytes();
      if (done % (10 * ROUND) === 0) note(`${done} inputs`);
    }
    const grownBytes = heapBytes() - (heapAtFirst ?? 0);
    if (heapAtFirst !== undefined && grownBytes > MAX_GROWTH_BYTES) {
      tally.fault('memory', 'all of it', `the heap grew by ${grownBytes} bytes`);
    }
    const { answered, refused, faults } = tally;
    return { inputs: tally.inputs, answered, refused, faults, grownBytes: heapAtFirst === undefined ? 0 : grownBytes };
  } finally {
    await requests.close();
    await frames.close();
    await database.close();
  }
}

function share(round: number, target: keyof typeof SHARES): number {
  return Math.ceil((round * SHARES[target]) / 1000);
}

/** Timers never fire: schedules are not part of this test. */
function openDatabase(bundle: Uint8Array): Promise<Database> {
  const world: World = { ...systemWorld, setTimer: () => ({ cancel: () => undefined }) };
  return Database.open({
    storage: createMemoryStorage(),
    world,
    identity: 0xdbn,
    owner: OWNER,
    bundle,
    callLimits: CALL_LIMITS,
  });
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void; // the flag makes it a function
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
