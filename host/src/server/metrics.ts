// Metrics of a host in the Prometheus text format. Values are read at each scrape; the hot path only adds to plain numbers.

import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { identityToHex } from '../sats/hex.ts';
import type { SharedLimits } from './client.ts';
import type { Databases, OpenDatabase } from './databases.ts';
import type { ConnectionLimiter } from './connection-limiter.ts';
import type { HttpServer } from './http-server.ts';

/** The measured parts of a host. */
export interface MetricsSources {
  readonly databases: Databases;
  readonly limiter: ConnectionLimiter;
  readonly http: HttpServer;
  readonly shared: SharedLimits;
}

/** The metrics of one host. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: MetricsSources;

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    const { limiter, http, databases, shared } = sources;
    new Gauge({ ...describe('connections', 'Open sockets.'), registers, collect: set(() => limiter.count) });
    const { memory, pacer } = shared;
    new Gauge({
      ...describe('held_bytes', 'Bytes that all connections hold.'),
      registers,
      collect: set(() => memory.bytes),
    });
    new Gauge({
      ...describe('waiting_queries', 'Queries that wait for their share of the time.'),
      registers,
      collect: set(() => pacer.waiting),
    });
    new Counter({
      ...describe('connections_refused_total', 'Sockets beyond the limits.'),
      registers,
      collect: setTotal(() => [[{}, limiter.refused]]),
    });
    new Counter({
      ...describe('http_responses_total', 'Answers by class of status.'),
      labelNames: ['status'],
      registers,
      collect: setTotal(() => Array.from(http.answered, ([status, count]) => [{ status }, count])),
    });
    const each = (read: (open: OpenDatabase) => number) => (): Measured[] =>
      Array.from(databases.all(), open => [{ database: identityToHex(open.identity) }, read(open)]);
    const labelNames = ['database'];
    const gauges: [name: string, help: string, read: (open: OpenDatabase) => number][] = [
      ['clients', 'Connected WebSocket clients.', open => open.clients.count],
      ['rows', 'Rows of all tables.', countRows],
      ['backlog_bytes', 'Bytes that wait for the disk.', open => open.database.backlogBytes],
      ['unsynced_commits', 'Commits that are not durable yet.', unsyncedCommits],
    ];
    for (const [name, help, read] of gauges) {
      new Gauge({ ...describe(name, help), labelNames, registers, collect: setEach(each(read)) });
    }
    const counters: [name: string, help: string, read: (open: OpenDatabase) => number][] = [
      ['commits_total', 'Number of the last commit.', open => open.database.datastore.commitNumber],
      ['dropped_clients_total', 'Clients that were dropped: slow, silent or beyond a limit.', o => o.clients.dropped],
    ];
    for (const [name, help, read] of counters) {
      new Counter({ ...describe(name, help), labelNames, registers, collect: setTotal(each(read)) });
    }
    new Counter({
      ...describe('reducer_calls_total', 'Reducer calls of clients by outcome.'),
      labelNames: [...labelNames, 'outcome'],
      registers,
      collect: setTotal(() =>
        Array.from(databases.all()).flatMap(({ identity, clients }) =>
          Array.from(clients.calls, ([outcome, count]): Measured => {
            return [{ database: identityToHex(identity), outcome }, count];
          }),
        ),
      ),
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics as text. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Numbers for the health check. */
  health(): { readonly databases: number; readonly connections: number } {
    return { databases: [...this.#sources.databases.all()].length, connections: this.#sources.limiter.count };
  }
}

type Measured = readonly [labels: Record<string, string>, value: number];

function describe(name: string, help: string): { name: string; help: string } {
  return { name: `agora_host_${name}`, help };
}

function set(read: () => number): (this: Gauge) => void {
  return function () {
    this.set(read());
  };
}

function setEach(read: () => readonly Measured[]): (this: Gauge) => void {
  return function () {
    this.reset();
    for (const [labels, value] of read()) this.set(labels, value);
  };
}

/** Sets a counter to a value that is counted elsewhere. */
function setTotal(read: () => readonly Measured[]): (this: Counter) => void {
  return function () {
    this.reset();
    for (const [labels, value] of read()) this.inc(labels, value);
  };
}

function countRows({ database }: OpenDatabase): number {
  return database.datastore.tables.reduce((sum, table) => sum + table.count, 0);
}

function unsyncedCommits({ database }: OpenDatabase): number {
  return Math.max(0, database.datastore.commitNumber - database.durable);
}
