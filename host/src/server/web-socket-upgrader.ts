// From an HTTP upgrade to a client of a database. Errors of the request are answered before the upgrade; a client that the
// module refuses is dropped after it without a reason, as on SpacetimeDB.

import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer, type PerMessageDeflateOptions } from 'ws';
import { messageOf } from '../errors.ts';
import type { World } from '../world.ts';
import { PROTOCOLS } from '../wire/frame.ts';
import { authenticate } from './authenticate.ts';
import type { Databases, OpenDatabase } from './databases.ts';
import { HttpError, textResponse, type HttpResponse } from './exchange.ts';
import { readHandshake, type Handshake } from './handshake.ts';
import { parseUrl, send } from './http-server.ts';
import type { Credentials, Tokens } from './tokens.ts';
import { isLocalRequest, type WebAccess } from './web-access.ts';

/** Which clients that accept compression get it: those on other machines, all, or none. */
export type Compression = 'elsewhere' | 'always' | 'never';

/**
 * The WebSocket compresses frames, which keeps their order: the SDK decompresses frames that are compressed inside one by
 * one, and delivers a small frame before an earlier large one. As on SpacetimeDB only frames above 1 KiB. A connection that
 * was sent a compressed frame holds about 0.1 MB; with zlib's default sizes it would be twice that.
 */
const DEFLATE: PerMessageDeflateOptions = {
  threshold: 1024,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 12,
  zlibDeflateOptions: { level: 1, memLevel: 4, chunkSize: 4096 },
};

const PATH = /^\/v1\/database\/([^/]+)\/subscribe$/;

/** The parts and choices of a `WebSocketUpgrader`. */
export interface WebSocketUpgraderOptions {
  readonly databases: Databases;
  readonly tokens: Tokens;
  readonly world: World;
  readonly access: WebAccess;
  readonly maxFrameBytes: number;
  /** The same for clients that came without a token. */
  readonly maxNewcomerFrameBytes: number;
  readonly compression: Compression;
  /** Is called with internal errors. */
  readonly report: (message: string) => void;
}

/** A checked upgrade. */
interface Admitted {
  readonly open: OpenDatabase;
  readonly credentials: Credentials;
  /** False for a new identity. */
  readonly isKnown: boolean;
  readonly handshake: Handshake;
}

/** Turns HTTP upgrades into clients of databases. */
export class WebSocketUpgrader {
  readonly #databases: Databases;
  readonly #tokens: Tokens;
  readonly #world: World;
  readonly #access: WebAccess;
  readonly #report: (message: string) => void;
  /** By whether a token was given, and whether frames are compressed. */
  readonly #servers: (isKnown: boolean, isCompressed: boolean) => WebSocketServer;
  readonly #compression: Compression;

  constructor(options: WebSocketUpgraderOptions) {
    const { databases, tokens, world, access, compression, report } = options;
    const create = (perMessageDeflate: PerMessageDeflateOptions | false, maxPayload: number): WebSocketServer =>
      new WebSocketServer({
        noServer: true,
        perMessageDeflate,
        // The bound after decompression.
        maxPayload,
        clientTracking: false,
        // The same choice as the handshake; the client's order is ignored.
        handleProtocols: offered => PROTOCOLS.find(each => offered.has(each)) ?? false,
      });
    const { maxFrameBytes } = options;
    const maxNewcomerFrameBytes = Math.min(options.maxNewcomerFrameBytes, maxFrameBytes);
    const known = { plain: create(false, maxFrameBytes), deflating: create(DEFLATE, maxFrameBytes) };
    const newcomers = {
      plain: create(false, maxNewcomerFrameBytes),
      deflating: create(DEFLATE, maxNewcomerFrameBytes),
    };
    this.#servers = (isKnown, isCompressed) => (isKnown ? known : newcomers)[isCompressed ? 'deflating' : 'plain'];
    this.#compression = compression;
    this.#databases = databases;
    this.#tokens = tokens;
    this.#world = world;
    this.#access = access;
    this.#report = report;
  }

  /** Never throws. */
  async handle(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      const { open, credentials, isKnown, handshake } = await this.#check(request);
      if (socket.destroyed) return;
      const sockets = this.#servers(isKnown, this.#compresses(handshake, request));
      sockets.handleUpgrade(request, socket, head, webSocket => {
        const { identity, claims, token } = credentials;
        const { connectionId, protocol, isConfirmed } = handshake;
        const caller = { identity, connectionId, claims };
        const isAccepted = open.clients.accept(webSocket, { caller, token, protocol, isConfirmed });
        // The answer to the upgrade is not sent yet, and must arrive before the end.
        if (!isAccepted) socket.destroySoon();
      });
    } catch (error) {
      this.#refuse(request, socket, error);
    }
  }

  #compresses({ takesCompression }: Handshake, { socket, headers }: IncomingMessage): boolean {
    if (!takesCompression || this.#compression === 'never') return false;
    return this.#compression === 'always' || !isLocalRequest(socket.remoteAddress, headers);
  }

  async #check(request: IncomingMessage): Promise<Admitted> {
    this.#access.check(request.headers);
    const { pathname, searchParams } = parseUrl(request.url ?? '/');
    const name = PATH.exec(pathname)?.[1];
    if (name === undefined) throw new HttpError(404, '');
    const given = await authenticate(this.#tokens, request.headers, searchParams);
    const credentials = given ?? this.#tokens.mint();
    const handshake = readHandshake(searchParams, request.headers['sec-websocket-protocol'], this.#world);
    const open = this.#databases.open(name);
    if (open.clients.isConnected(handshake.connectionId)) {
      throw new HttpError(400, 'Invalid connection ID: it belongs to a client that is connected.');
    }
    return { open, credentials, isKnown: given !== undefined, handshake };
  }

  #refuse(request: IncomingMessage, socket: Socket, error: unknown): void {
    let answer: HttpResponse = textResponse(500, 'Internal error');
    if (error instanceof HttpError) answer = textResponse(error.status, error.message);
    else this.#report(`a connection failed: ${messageOf(error)}`);
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    response.shouldKeepAlive = false;
    response.once('finish', () => socket.destroySoon());
    void send(response, answer);
  }
}
