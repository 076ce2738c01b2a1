// Client frames for the sessions of a database: a few at a time, in random order, without a socket.

import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import {
  BsatnWriter,
  BulkReads,
  Clients,
  DEFAULT_HOST_LIMITS,
  MemoryBudget,
  QueryPacer,
  SystemVariables,
  type Database,
  type Protocol,
} from '@agora/host/fuzzing';
import { mutateBytes } from './mutate.ts';
import type { Random } from './random.ts';
import type { Tally } from './tally.ts';

const OPEN = 1;
const CLIENTS = 16;
const FRAMES_PER_TURN = 4;
const SLOW_MS = 2_000;
const PROTOCOLS: readonly Protocol[] = ['v3.bsatn.spacetimedb', 'v2.bsatn.spacetimedb'];
/** A query set for a separate connection, which the host must answer after any input. */
const CANARY = new BsatnWriter().u8(2).u32(77).string('SELECT * FROM team').finish();

/** The part of a WebSocket that a session uses; nothing leaves the process. */
class MemorySocket extends EventEmitter {
  readonly bufferedAmount = 0;
  readonly readyState = OPEN;
  isPaused = false;
  isClosed = false;
  heard = 0;

  send(_frame: Uint8Array, sent: () => void): void {
    this.heard++;
    queueMicrotask(sent);
  }
  ping(): void {
    this.emit('pong');
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  close(): void {
    this.terminate();
  }
  terminate(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    queueMicrotask(() => this.emit('close'));
  }
}

/** Empties every table. */
export function removeRows(database: Database): void {
  const owner = { identity: database.owner, connectionId: undefined, claims: undefined };
  database.write(owner, tx => {
    for (const table of database.datastore.tables) tx.clear(table);
  });
}

/** Sends frames to sessions. */
export class Frames {
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #messages: readonly Uint8Array[];
  readonly #database: Database;
  readonly #clients: Clients;
  readonly #sockets: MemorySocket[] = [];
  #connections = 0n;

  constructor(random: Random, tally: Tally, database: Database, messages: readonly Uint8Array[]) {
    this.#random = random;
    this.#tally = tally;
    this.#database = database;
    this.#messages = messages;
    const report = (line: string): void => {
      if (!line.includes('was dropped')) tally.fault('frame', 'see the line', line);
    };
    const shared = {
      memory: new MemoryBudget(DEFAULT_HOST_LIMITS.maxHeldBytes),
      bulkReads: new BulkReads(),
      pacer: new QueryPacer(),
    };
    this.#clients = new Clients(database, new SystemVariables(), DEFAULT_HOST_LIMITS, shared, report);
  }

  /** Sends the frames of one turn, checks that another client still gets answers, and returns the number of frames. */
  async turn(): Promise<number> {
    const random = this.#random;
    while (this.#sockets.length < CLIENTS) this.#sockets.push(this.#connect());
    const sent: { readonly socket: MemorySocket; readonly frame: Uint8Array }[] = [];
    const begun = performance.now();
    for (const socket of this.#sockets) {
      for (let frames = 0; frames < FRAMES_PER_TURN && !socket.isClosed; frames++) {
        const frame = this.#frame();
        sent.push({ socket, frame });
        socket.emit('message', Buffer.from(frame), !random.chance(1));
      }
    }
    const watcher = this.#connect();
    const before = watcher.heard;
    watcher.emit('message', Buffer.from(CANARY), true);
    for (let turns = 0; turns < 4; turns++) await setImmediate();
    const show = () => sent.map(({ frame }) => Buffer.from(frame).toString('hex')).join(' ');
    if (watcher.heard === before) this.#tally.fault('frame', show(), 'another client is not answered any more');
    if (performance.now() - begun > SLOW_MS) this.#tally.fault('frame', show(), 'took too long');
    watcher.terminate();
    for (const { socket } of sent) {
      if (socket.isClosed) this.#tally.refused++;
      else this.#tally.answered++;
    }
    // Sessions that received many messages are closed too, in the middle of their work.
    for (const socket of this.#sockets) if (random.chance(5)) socket.terminate();
    this.#sockets.splice(0, this.#sockets.length, ...this.#sockets.filter(socket => !socket.isClosed));
    return sent.length;
  }

  async close(): Promise<void> {
    await this.#clients.close();
  }

  #frame(): Uint8Array {
    const random = this.#random;
    const message = mutateBytes(random, random.pick(this.#messages), this.#messages);
    if (!random.chance(20)) return message;
    return new Uint8Array(Buffer.concat([random.pick(this.#messages), message, random.pick(this.#messages)]));
  }

  #connect(): MemorySocket {
    const connectionId = ++this.#connections;
    const socket = new MemorySocket();
    // Implements only the part of a WebSocket that sessions use.
    const webSocket = socket as unknown as Parameters<Clients['accept']>[0];
    const arrival = {
      caller: { identity: connectionId % 5n, connectionId, claims: undefined },
      token: 'token',
      protocol: this.#random.pick(PROTOCOLS),
      isConfirmed: this.#random.chance(80),
    };
    // The module refuses all clients while a certain row exists; reducers can write that row.
    if (!this.#clients.accept(webSocket, arrival)) {
      removeRows(this.#database);
      if (!this.#clients.accept(webSocket, arrival)) this.#tally.fault('frame', 'a connection', 'was refused');
    }
    return socket;
  }
}
