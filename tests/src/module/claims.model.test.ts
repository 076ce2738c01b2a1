// Random claims, releases, extensions, absences and clock steps against a naive model of claims.
//
// I1  Claims that are held at the same time do not conflict.
// I2  A claim waits exactly as long as an earlier claim that conflicts with it is held or waits: no lost wake-up, no overtaking.
// I3  Numbers grow with every grant of the hub, so also for every resource.
// I4  A claim ends with its release, its lease, its wait or the grace of its agent, and only then.
// I5  The index, the edges and the load are those of the claims that exist, and empty without claims.

import { canMatchCommonPath, LIMITS, parsePathPattern } from '@agora/module/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt, type LabAgent, type Row } from '../support/module-lab.ts';

const AGENTS = 3;
const KEYS = [
  'src/a.ts',
  'src/b.ts',
  'src/**',
  'src',
  'src/*.ts',
  '**',
  '**/a.ts',
  'docs/x',
  'name:src',
  'name:deploy',
];
/** Timers fire at most one slot late. */
const SLOT_MS = 250;

type Command =
  | {
      readonly do: 'claim';
      readonly agent: number;
      readonly keys: readonly string[];
      readonly shared: boolean;
      readonly leaseMs: number;
      readonly waitMs: number;
    }
  | { readonly do: 'release' | 'extend'; readonly pick: number }
  | { readonly do: 'leave' | 'return'; readonly agent: number }
  /** `sleep`: the hub is absent. */
  | { readonly do: 'wait' | 'sleep'; readonly ms: number };

const agent = fc.nat(AGENTS - 1);
const commands = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('claim' as const),
        agent,
        keys: fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 2 }),
        shared: fc.boolean(),
        leaseMs: fc.constantFrom(5_000, 20_000, 120_000),
        waitMs: fc.constantFrom(0, 10_000, 100_000, 100_000),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'extend' as const), pick: fc.nat(20) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'return' as const), agent }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 6_000, 16_000) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('sleep' as const), ms: fc.constantFrom(30_000, 150_000) }),
    },
  ),
  { minLength: 5, maxLength: 40 },
);

/** One claim as the naive model sees it. */
interface ModelClaim {
  readonly id: string;
  readonly agent: number;
  readonly keys: readonly string[];
  readonly shared: boolean;
  readonly leaseMs: number;
  isHeld: boolean;
  /** End of the lease or of the wait, in milliseconds. */
  until: number;
}

function keysConflict(a: string, b: string): boolean {
  if (a.startsWith('name:') || b.startsWith('name:')) return a === b;
  const [one, other] = [parsePathPattern(a), parsePathPattern(b)];
  return one !== undefined && other !== undefined && canMatchCommonPath(one, other);
}

function isConflict(a: ModelClaim, b: ModelClaim): boolean {
  if (a.shared && b.shared) return false;
  return a.keys.some(key => b.keys.some(other => keysConflict(key, other)));
}

class ClaimScene {
  readonly #lab: ModuleLab;
  readonly #agents: LabAgent[];
  /** All claims that exist, in the order of their requests. */
  #claims: ModelClaim[] = [];
  readonly #offlineSince = new Map<number, number>();
  readonly #numbers = new Map<string, number>();
  #lastNumber = 0;
  /** Until then holders may come back after an absence of the hub: no lease and no grace ends before. */
  #returnEnd = 0;
  #count = 0;

  constructor(lab: ModuleLab) {
    this.#lab = lab;
    this.#agents = Array.from({ length: AGENTS }, (_, at) => lab.register(`A${at}`));
    for (const each of this.#agents) each.attach();
    this.#lab.advance(11_000); // the hub has recorded that it runs
  }

  #agent(at: number): LabAgent {
    return this.#agents[at] as LabAgent; // of 0 to AGENTS - 1
  }

  perform(command: Command): void {
    switch (command.do) {
      case 'claim':
        return this.#claim(command);
      case 'release':
      case 'extend': {
        const found = this.#claims[command.pick % Math.max(1, this.#claims.length)];
        if (!found) return;
        if (command.do === 'release') {
          this.#agent(found.agent).act({ ReleaseClaim: { claim: found.id } });
          return this.#end(found);
        }
        const act = { ExtendClaim: { claim: found.id, ms: found.leaseMs } };
        if (!found.isHeld) expect(this.#agent(found.agent).tryAct(act)).toEqual(['claim/lost']);
        else this.#agent(found.agent).act(act);
        if (found.isHeld) found.until = Math.max(found.until, this.#lab.nowMs + found.leaseMs);
        return;
      }
      case 'leave':
        if (this.#offlineSince.has(command.agent)) return;
        this.#agent(command.agent).leave();
        this.#offlineSince.set(command.agent, this.#lab.nowMs);
        return;
      case 'return':
        if (!this.#offlineSince.delete(command.agent)) return;
        this.#agent(command.agent).attach();
        return;
      case 'sleep':
        this.#lab.sleep(command.ms);
        this.#returnEnd = this.#lab.nowMs + LIMITS.graceMs;
        return this.#follow();
      case 'wait':
        // Slot by slot, so that the model ends claims in the order in which the hub does.
        for (let ms = 0; ms < command.ms; ms += SLOT_MS) {
          this.#lab.advance(SLOT_MS);
          this.#follow();
        }
    }
  }

  #claim(command: Extract<Command, { do: 'claim' }>): void {
    const { agent: by, keys, shared, leaseMs, waitMs } = command;
    if (this.#offlineSince.has(by)) return;
    const id = uuidAt(this.#lab.nowMs, ++this.#count);
    const claim: ModelClaim = { id, agent: by, keys, shared, leaseMs, isHeld: false, until: this.#lab.nowMs + waitMs };
    const blockers = this.#claims.filter(each => isConflict(each, claim));
    const resources = keys.map(key =>
      key.startsWith('name:') ? { kind: 'name', key: key.slice(5) } : { kind: 'path', key },
    );
    const act = { Claim: { id, agent: this.#agent(by).id, resources, shared, leaseMs, waitMs, note: '' } };
    if (blockers.length > 0) {
      const code = waitMs === 0 ? 'claim/held' : this.#reaches(blockers, by) ? 'claim/deadlock' : undefined;
      if (code !== undefined) return expect(this.#agent(by).tryAct(act)).toEqual([code]);
    }
    this.#agent(by).act(act);
    this.#claims.push(claim);
    this.#grantFree();
  }

  /** Returns true if an agent is reached from claims over the agents that wait for each other. */
  #reaches(claims: readonly ModelClaim[], target: number): boolean {
    const open = claims.map(each => each.agent);
    const seen = new Set<number>();
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (at === target) return true;
      if (seen.has(at)) continue;
      seen.add(at);
      const waiting = this.#claims.filter(each => each.agent === at && !each.isHeld);
      for (const each of waiting) open.push(...this.#before(each).map(({ agent: next }) => next));
    }
    return false;
  }

  /** The claims in the way of one: earlier ones that conflict. */
  #before(claim: ModelClaim): ModelClaim[] {
    return this.#claims.slice(0, this.#claims.indexOf(claim)).filter(each => isConflict(each, claim));
  }

  #end(claim: ModelClaim): void {
    this.#claims = this.#claims.filter(each => each !== claim);
    this.#grantFree();
  }

  #grantFree(): void {
    for (const claim of this.#claims) {
      if (claim.isHeld || this.#before(claim).length > 0) continue;
      claim.isHeld = true;
      claim.until = this.#lab.nowMs + claim.leaseMs;
    }
  }

  /** Ends in the model the claims that the hub has ended, if their time had come; the hub ends no other, and all overdue ones. */
  #follow(): void {
    const rows = new Map(this.#lab.rows('claim').map(row => [String(row['id']), row]));
    const now = this.#lab.nowMs;
    const due = (claim: ModelClaim) => {
      const offline = this.#offlineSince.get(claim.agent);
      const until = claim.isHeld ? Math.max(claim.until, this.#returnEnd) : claim.until;
      const absent = offline === undefined ? Infinity : Math.max(offline + LIMITS.graceMs, this.#returnEnd);
      return Math.min(until, absent);
    };
    const ended = this.#claims.filter(({ id }) => !rows.has(id)).sort((a, b) => due(a) - due(b));
    for (const claim of ended) expect(due(claim), `I4: ${claim.id} ended early`).toBeLessThanOrEqual(now);
    // The end of an earlier one may have granted a later one, which then has a later end.
    for (const claim of ended) this.#end(claim);
    for (const claim of this.#claims)
      expect(due(claim) + 2 * SLOT_MS, `I4: ${claim.id} is overdue`).toBeGreaterThan(now);
  }

  check(): void {
    const rows = this.#lab.rows('claim');
    const states = (claims: readonly { id: string; isHeld: boolean }[]) =>
      claims.map(({ id, isHeld }) => `${id} ${isHeld ? 'held' : 'waiting'}`).sort();
    const found = rows.map(row => ({ id: String(row['id']), isHeld: row['state'] === 'held' }));
    expect(states(found), 'I2').toEqual(states(this.#claims));
    const held = this.#claims.filter(({ isHeld }) => isHeld);
    for (const one of held)
      for (const other of held) if (one !== other) expect(isConflict(one, other), 'I1').toBe(false);
    this.#checkNumbers(rows);
    for (const claim of this.#claims)
      expect(rows.find(row => row['id'] === claim.id)?.['ahead']).toBe(claim.isHeld ? 0 : this.#before(claim).length);
    const edges = this.#claims
      .filter(({ isHeld }) => !isHeld)
      .reduce((sum, each) => sum + this.#before(each).length, 0);
    expect(this.#lab.rows('claim_wait'), 'I5').toHaveLength(edges);
    const resources = this.#claims.reduce((sum, { keys }) => sum + keys.length, 0);
    expect(this.#lab.rows('claim_place'), 'I5').toHaveLength(resources);
    const load = this.#lab.rows('claim_load').reduce((sum, row) => sum + Number(row['resources']), 0);
    expect(load, 'I5').toBe(resources);
    const root = this.#lab.rows('claim_folder').find(row => row['path'] === '');
    const paths = this.#claims.flatMap(({ keys }) => keys).filter(key => !key.startsWith('name:')).length;
    expect(Number(root?.['exclusive'] ?? 0) + Number(root?.['shared'] ?? 0), 'I5').toBe(paths);
  }

  #checkNumbers(rows: readonly Row[]): void {
    const fresh = rows.filter(row => row['state'] === 'held' && !this.#numbers.has(String(row['id'])));
    for (const row of fresh) {
      expect(Number(row['number']), 'I3').toBeGreaterThan(this.#lastNumber);
      this.#numbers.set(String(row['id']), Number(row['number']));
    }
    for (const row of rows)
      if (row['state'] === 'held') expect(Number(row['number'])).toBe(this.#numbers.get(String(row['id'])));
    this.#lastNumber = Math.max(this.#lastNumber, ...fresh.map(row => Number(row['number'])));
  }

  /** Lets all claims end. */
  drain(): void {
    for (const claim of [...this.#claims]) {
      this.#agent(claim.agent).act({ ReleaseClaim: { claim: claim.id } });
      this.#end(claim);
      this.check();
    }
    for (const table of ['claim', 'claim_place', 'claim_folder', 'claim_wait', 'claim_load'])
      expect(this.#lab.rows(table), `I5: ${table}`).toEqual([]);
  }
}

describe('claims under random commands', () => {
  test('are held, wait and end as in the model', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async list => {
        await using lab = await ModuleLab.open();
        const scene = new ClaimScene(lab);
        for (const command of list) {
          scene.perform(command);
          scene.check();
        }
        scene.drain();
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});
