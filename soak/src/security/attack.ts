// Runs the attacker against a host in this process: each call is a batch of combinations of a replaced built-in, a system
// call and its arguments. The process ends with a crash if the attacker can crash it.

import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  bundleModule,
  createMemoryStorage,
  Database,
  extractDescription,
  systemWorld,
  type Caller,
} from '@agora/host/fuzzing';
import { Random } from '../fuzz/random.ts';
import { attackModule } from './attack-module.ts';

/** Combinations of one call. */
const BATCH = 250;
/** Calls of each other kind for each batch. */
const LEAVES = 20;
/** A call is stopped after this time, which is longer than a batch takes. */
const CALL_LIMITS = { callMs: 5_000, callBytes: 1024 ** 3 };
/** For replaced built-ins that loop. */
const LOOP_LIMITS = { callMs: 40, callBytes: 1024 ** 3 };
const LOOPS = 0xffffffff;
/** A batch that takes longer has stopped the host. */
const MAX_BATCH_MS = 15_000;

/** The tables and functions that the attacker describes. */
const DESCRIBED = `
  import { schema, table, t, Router } from 'spacetimedb/server';
  const item = table({ public: true }, { id: t.u32().primaryKey(), text: t.string() });
  const db = schema({ item });
  export default db;
  export const attack = db.reducer({ seed: t.u32(), count: t.u32() }, () => {});
  export const produce = db.procedure(t.unit(), () => ({}));
  export const all = db.anonymousView({ public: true }, t.array(item.rowType), () => []);
  export const mine = db.view({ public: true }, t.array(item.rowType), () => []);
  export const answer = db.httpHandler(() => { throw new Error(); });
  export const router = db.httpRouter(new Router().get('/answer', answer));
`;
const HEALTHY = `
  import { schema, table, t } from 'spacetimedb/server';
  const db = schema({ item: table({ public: true }, { id: t.u32().primaryKey() }) });
  export default db;
  export const fine = db.reducer(() => {});
`;

/** The result of a run. */
export interface AttackResult {
  readonly combinations: number;
  /** Escapes, exceptions of the host, and calls that were too slow. */
  readonly faults: readonly string[];
}

const CALLER: Caller = { identity: 0xa77acn, connectionId: 0xa1n, claims: new TextEncoder().encode('{"sub":"a"}') };

/** Runs at least so many combinations, and `loops` more in which the replaced built-in never returns. */
export async function runAttack(combinations: number, loops: number, seed: number): Promise<AttackResult> {
  const random = new Random(seed);
  const faults: string[] = [];
  const onRejection = () => void faults.push(`a promise of the module reached Node.js`);
  process.on('unhandledRejection', onRejection);
  const description = extractDescription(bundleModule(DESCRIBED));
  const module = `import * as sys from 'spacetime:sys@2.0';
    export default (${String(attackModule)})(sys, [${[...description].join()}]);`;
  const attacker = await openDatabase(module, CALL_LIMITS);
  const looper = await openDatabase(module, LOOP_LIMITS);
  const healthy = await openDatabase(bundleModule(HEALTHY), CALL_LIMITS);
  let done = 0;
  const attempt = (what: string, run: () => unknown) => {
    const startedAt = performance.now();
    try {
      run();
    } catch (error) {
      faults.push(`seed ${seed}: ${what} threw in the host: ${error instanceof Error ? error.stack : 'a value'}`);
    }
    const tookMs = performance.now() - startedAt;
    if (tookMs > MAX_BATCH_MS) faults.push(`seed ${seed}: ${what} took ${Math.round(tookMs)} ms`);
  };
  const argsOf = (count: number) => {
    const args = new DataView(new ArrayBuffer(8));
    args.setUint32(0, random.below(2 ** 31), true);
    args.setUint32(4, count, true);
    return new Uint8Array(args.buffer);
  };
  const checkAfter = async () => {
    await nextTurn();
    for (const database of [attacker, looper]) {
      for (const line of database.log.lines(50)) if (line.includes('ESCAPE ')) faults.push(`seed ${seed}: ${line}`);
    }
    if ('escaped' in globalThis) faults.push(`seed ${seed}: the module runs code in the host`);
    attempt('another database', () => {
      if (healthy.call('fine', new Uint8Array(0), CALLER).kind !== 'committed') faults.push('another database fails');
    });
  };
  try {
    attempt('connecting', () => attacker.connect(CALLER));
    while (done < combinations && faults.length === 0) {
      attempt('a reducer', () => attacker.call('attack', argsOf(BATCH), CALLER));
      done += BATCH;
      for (let left = LEAVES; left > 0; left--, done += 5) {
        attempt('leaving a reducer', () => attacker.call('attack', argsOf(0), CALLER));
        attempt('a procedure', () => attacker.runProcedure('produce', new Uint8Array(0), CALLER));
        for (const view of attacker.def.views)
          attempt('a view', () => attacker.viewTable(view, CALLER.identity + BigInt(done)));
        attempt('a handler', () =>
          attacker.handleHttp('GET', '/answer', 'http://localhost/answer', {}, new Uint8Array(0)),
        );
      }
      await checkAfter();
    }
    for (let left = loops; left > 0 && faults.length === 0; left--, done++) {
      attempt('a loop', () => looper.call('attack', argsOf(LOOPS), CALLER));
      await checkAfter();
    }
    return { combinations: done, faults };
  } finally {
    process.off('unhandledRejection', onRejection);
    for (const database of [attacker, looper, healthy]) await database.close();
  }
}

function openDatabase(module: string, callLimits: typeof CALL_LIMITS): Promise<Database> {
  return Database.open({
    storage: createMemoryStorage(),
    world: systemWorld,
    identity: 0xdbn,
    owner: 0xfeedn,
    bundle: new TextEncoder().encode(module),
    callLimits,
  });
}
