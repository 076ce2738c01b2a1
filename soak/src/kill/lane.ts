// Lane: one data folder and its host, through a sequence of kills.

import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.ts';
import { HostProcess } from './host-process.ts';
import { Ledger, Numbers } from './ledger.ts';
import { ConnectionEnded } from './client.ts';
import { Load } from './load.ts';
import type { Random } from './random.ts';

/** Maximum load time before a kill. */
const LOAD_MS = 200;
/** Maximum time of a publish before a kill. */
const PUBLISH_MS = 400;
/** Maximum time before a kill during the start. */
const START_MS = 500;
/** Number of keys that stay from process to process; the others are swept. */
const KEPT_KEYS = 200;

const KILLED_STARTS = 0.12;
const KILLED_PUBLISHES = 0.06;
const KILLED_FIRST_PUBLISHES = 0.7;

/** Options of a lane. */
export interface LaneOptions {
  readonly name: string;
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly random: Random;
  /** Returns the bundle of a version of the module. */
  readonly bundle: (version: string) => string;
  /** Returns true if another kill is due, and counts it. */
  readonly takeKill: () => boolean;
}

/** Faults that a lane found. */
export interface LaneFaults {
  readonly lost: string[];
  readonly half: string[];
  readonly repeated: readonly string[];
}

/** Runs one host after the other on a folder. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #ledger = new Ledger();
  readonly #numbers = new Numbers();
  readonly #lost: string[] = [];
  readonly #half: string[] = [];
  /** Versions of the module that may run now: the last confirmed one, and an unanswered one. */
  #versions: (string | undefined)[] = [undefined];
  #published = 0;
  #lives = 0;
  /** Keys of an unanswered sweep: it removed all of them, or none. */
  #swept: readonly string[] = [];
  /** Plans that had run at the last audit. */
  #ended: ReadonlySet<string> = new Set();
  calls = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get faults(): LaneFaults {
    return { lost: this.#lost, half: this.#half, repeated: this.#numbers.faults };
  }

  /** Kills until no kill is due, then audits once more and stops the host as an operator does. */
  async run(): Promise<void> {
    const { random, takeKill } = this.#options;
    while (takeKill()) {
      if (this.#lives === 0 || random() < KILLED_STARTS) await this.#killStart();
      else if (random() < (this.#isPublished ? KILLED_PUBLISHES : KILLED_FIRST_PUBLISHES)) await this.#killPublish();
      else await this.#killLoad();
      this.#lives++;
    }
    const host = this.#start();
    try {
      if (await this.#audit(host)) await host.stop();
    } finally {
      await host.kill();
    }
  }

  #start(): HostProcess {
    return new HostProcess(this.#options.dataDir, this.#options.cacheDir);
  }

  async #killStart(): Promise<void> {
    const host = this.#start();
    await sleep(this.#options.random() * START_MS);
    await host.kill();
  }

  /** Publishes the first time if no module is published yet. */
  async #killPublish(): Promise<void> {
    await this.#live(async host => {
      const end = this.#publish(host);
      await Promise.race([sleep(this.#options.random() * PUBLISH_MS), end]);
      return { end };
    });
  }

  async #killLoad(): Promise<void> {
    const { random, name } = this.#options;
    await this.#live(async host => {
      if (!this.#isPublished) await this.#publish(host);
      const load = await Load.open(await host.url, this.#ledger, this.#numbers, random, `${name}${this.#lives}`);
      const running = this.#sweep(load).then(() => load.run());
      const end = running
        .catch((error: unknown) => {
          if (!(error instanceof ConnectionEnded)) throw error;
        })
        .finally(() => {
          this.calls += load.calls;
          load.close();
        });
      await Promise.race([sleep(random() * LOAD_MS), end]);
      return { end };
    });
  }

  /** Starts the host, audits it, starts `work`, kills the host, and waits for the end of the work. */
  async #live(work: (host: HostProcess) => Promise<{ end: Promise<void> }>): Promise<void> {
    const host = this.#start();
    let begun: { readonly end: Promise<void> } | undefined;
    try {
      await this.#audit(host);
      begun = await work(host);
    } finally {
      await host.kill();
    }
    await begun.end;
  }

  /** Returns false if no module is published. */
  async #audit(host: HostProcess): Promise<boolean> {
    await host.url;
    const version = await host.version();
    if (!this.#versions.includes(version)) {
      this.#lost.push(`the module is ${version ?? 'gone'}, and should be ${this.#versions.join(' or ')}`);
    }
    this.#versions = [version];
    if (version === undefined) return false;
    const { fates, ended, half } = await audit(host, this.#numbers);
    this.#half.push(...half);
    const left = this.#swept.filter(key => fates.has(key)).length;
    if (left > 0 && left < this.#swept.length) this.#half.push(`a sweep left ${left} of ${this.#swept.length}`);
    this.#swept = [];
    this.#lost.push(...this.#ledger.compare(fates));
    this.#ended = ended;
    return true;
  }

  /** Removes old keys, since the audit reads all tables after every kill. */
  async #sweep(load: Load): Promise<void> {
    const keys = this.#ledger.sure('').filter(key => !key.startsWith('plan/') || this.#ended.has(key));
    this.#swept = keys.slice(0, Math.max(0, keys.length - KEPT_KEYS));
    await load.sweep(this.#swept);
    this.#swept = [];
  }

  get #isPublished(): boolean {
    return this.#versions[0] !== undefined;
  }

  /** Publishes the next version; without an answer either that or the previous one may run. */
  async #publish(host: HostProcess): Promise<void> {
    const version = `v${++this.#published}`;
    this.#versions = [this.#versions[0], version];
    if (await host.publish(this.#options.bundle(version))) this.#versions = [version];
  }
}
