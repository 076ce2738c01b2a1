// The module's bundle in a database without a socket, with a clock that the test advances: for tests of the module's
// rules.

import {
  BsatnReader,
  BsatnWriter,
  createMemoryStorage,
  Database,
  databaseSql,
  decodeValue,
  encodeValue,
  fromJson,
  optionInner,
  TestWorld,
  toJson,
  type Caller,
  type Table,
} from '@agora/host/testing';
import { readBundle } from '@agora/hub';

type Fields = Readonly<Record<string, unknown>>;

/** A row by canonical column names; 64-bit integers are bigints where a number cannot hold them. */
export type Row = Readonly<Record<string, unknown>>;

const START_MICROS = BigInt(Date.UTC(2026, 0, 5, 12)) * 1000n;

let bundle: Promise<Uint8Array> | undefined;

/** A UUIDv7 of a time; `n` distinguishes those of one millisecond. */
export function uuidAt(timeMs: number, n = 0): string {
  const time = Math.floor(timeMs).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** A refusal of a call without a socket. */
class Refused extends Error {
  get code(): string {
    return /\b[a-z]+\/[a-z-]+(?=: )/.exec(this.message)?.[0] ?? this.message;
  }
}

const REFUSED_ACTS = 'call/refused: ';

function refusedActs(text: string): { act: number; code: string }[] {
  return JSON.parse(text.slice(REFUSED_ACTS.length)) as { act: number; code: string }[]; // as CONTRACT.md describes it
}

/** Texts of the bundle and their replacements; each text occurs once. */
export type Edits = readonly (readonly [text: string, replacement: string])[];

function edited(code: Uint8Array, edits: Edits): Uint8Array {
  if (edits.length === 0) return code;
  let text = new TextDecoder().decode(code);
  for (const [from, to] of edits) {
    if (text.split(from).length !== 2) throw new Error(`the bundle does not contain "${from}" once`);
    text = text.replace(from, () => to);
  }
  return new TextEncoder().encode(text);
}

/** A database with the module in it. Every call is synchronous. */
export class ModuleLab {
  readonly #world: TestWorld;
  readonly #database: Database;
  #identities = 1n;
  #messages = 0;
  readonly owner: LabClient;

  private constructor(world: TestWorld, database: Database, owner: bigint) {
    this.#world = world;
    this.#database = database;
    this.owner = new LabClient(this, owner);
  }

  /** With `edits`, texts of the bundle are replaced first: to inject failures, or to lower a limit. */
  static async open(edits: Edits = []): Promise<ModuleLab> {
    bundle ??= readBundle();
    const world = new TestWorld(START_MICROS);
    const owner = 1n;
    const database = await Database.open({
      storage: createMemoryStorage(),
      world,
      identity: 2n ** 200n,
      owner,
      bundle: edited(await bundle, edits),
    });
    return new ModuleLab(world, database, owner);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Microseconds since 1970. */
  get now(): bigint {
    return this.#world.now();
  }
  get nowMs(): number {
    return Number(this.now / 1000n);
  }
  advance(ms: number): void {
    this.#world.advance(ms);
  }
  /** Moves the clock in one step, as if the hub had slept or was restarted; due timers fire late. */
  sleep(ms: number): void {
    this.#world.sleep(ms);
  }

  /** Registers an agent of a new identity. */
  register(name: string, options: Fields = {}): LabAgent {
    const client = new LabClient(this, ++this.#identities);
    client.connect();
    client.call('register_agent', { ...AGENT, name, ...options });
    const row = this.rows('agent').find(each => each['name'] === name);
    return new LabAgent(this, client.identity, Number(row?.['id']), client.connection);
  }
  /** The code with which registering is refused. */
  tryRegister(name: string, options: Fields = {}): string {
    const client = new LabClient(this, ++this.#identities);
    return client.tryCall('register_agent', { ...AGENT, name, ...options });
  }

  nextMessageId(): string {
    return uuidAt(this.nowMs, 1_000_000 + this.#messages++);
  }

  /** Every row of a table, private or not. */
  rows(table: string): Row[] {
    const found = this.#database.datastore.tableByName(table);
    if (!found) throw new Error(`no table ${table}`);
    return this.#decode(found);
  }

  /** The names of all tables. */
  tables(): string[] {
    return this.#database.def.tables.map(({ name }) => name);
  }

  /** The tags of all acts, from the parameter of `perform_acts`. */
  acts(): string[] {
    const { reducers, typespace } = this.#database.def;
    const acts = reducers.find(({ name }) => name === 'perform_acts')?.params.elements[0]?.type;
    const act = acts?.kind === 'array' && acts.element.kind === 'ref' ? typespace[acts.element.ref] : undefined;
    if (act?.kind !== 'sum') throw new Error('perform_acts takes no list of acts');
    return act.variants.map(({ name = '' }) => name.charAt(0).toUpperCase() + name.slice(1));
  }

  /** Runs a statement of SQL as the owner of the database. */
  sql(statement: string): void {
    databaseSql(this.#database, statement, this.owner.identity);
  }

  viewRows(view: string, identity: bigint): Row[] {
    const def = this.#database.def.views.find(each => each.name === view);
    if (!def) throw new Error(`no view ${view}`);
    return this.#decode(this.#database.viewTable(def, identity));
  }

  #decode(table: Table): Row[] {
    const { typespace } = this.#database.def;
    return [...table.rows()].map(({ bytes }) => {
      const row: Record<string, unknown> = {};
      table.def.columns.forEach((column, at) => {
        const text = toJson(column.type, typespace, table.layout.value(bytes, at));
        row[column.name] = parseExact(text);
      });
      return row;
    });
  }

  callReducer(caller: Caller, name: string, args: Fields): void {
    const outcome = this.#database.call(name, this.#encode('reducers', name, args), caller);
    if (outcome.kind !== 'committed') throw new Refused(outcome.message);
  }

  callProcedure(caller: Caller, name: string, args: Fields): unknown {
    const outcome = this.#database.runProcedure(name, this.#encode('procedures', name, args), caller);
    if (outcome.kind !== 'returned') throw new Refused(outcome.message);
    const { typespace, procedures } = this.#database.def;
    const returns = procedures.find(each => each.name === name)?.returns;
    if (!returns) throw new Error(`no procedure ${name}`);
    return parseExact(toJson(returns, typespace, decodeValue(returns, typespace, new BsatnReader(outcome.value))));
  }

  /** Returns true if the hub accepts the connection. */
  connect(caller: Caller): boolean {
    return this.#database.connect(caller).kind === 'committed';
  }

  /** A new identity without an agent; `token` holds its claims. */
  visitor(token?: Fields): LabClient {
    const identity = ++this.#identities;
    return new LabClient(this, identity, identity * 1000n, token);
  }
  disconnect(caller: Caller): void {
    this.#database.disconnect(caller);
  }

  /** Encodes arguments with the module's spelling as BSATN; keys inside get canonical spelling. */
  #encode(kind: 'reducers' | 'procedures', name: string, args: Fields): Uint8Array {
    const { def } = this.#database;
    const found = def[kind].find(each => each.name === name);
    if (!found) throw new Error(`no function ${name}`);
    const values = found.params.elements.map(({ name: field, type }) => {
      const value = args[field ?? ''];
      const isOption = optionInner(type) !== undefined;
      return canonical(isOption ? (value === undefined ? { none: [] } : { some: value }) : value);
    });
    const writer = new BsatnWriter();
    const value = fromJson(found.params, def.typespace, writeExact(values));
    encodeValue(found.params, def.typespace, value, writer);
    return writer.finish();
  }
}

/** Parses JSON; integers that no number can hold become bigints. */
function parseExact(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    const isInexact = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
    return isInexact && context?.source !== undefined ? BigInt(context.source) : value;
  }) as unknown;
}

/** The inverse of `parseExact`. */
function writeExact(values: unknown): string {
  const placed: string[] = [];
  const text = JSON.stringify(values, (_key, value: unknown) =>
    typeof value === 'bigint' ? `\u0000${placed.push(String(value)) - 1}\u0000` : value,
  );
  return text.replace(/"\\u0000(\d+)\\u0000"/g, (_, at: string) => placed[Number(at)] ?? '');
}

/** Keys as the canonical schema spells them: variants in camel case, fields in snake case. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [canonicalKey(key), canonical(each)]));
}

function canonicalKey(key: string): string {
  if (/^[A-Z]/.test(key)) return key.charAt(0).toLowerCase() + key.slice(1);
  return key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}

const AGENT: Fields = {
  agentType: 'worker',
  capabilities: [],
  metadata: '{}',
  credit: 0,
  strictPriority: false,
};

/** One identity with one connection. */
export class LabClient {
  readonly identity: bigint;
  readonly connection: bigint;
  protected readonly lab: ModuleLab;

  readonly #claims: Uint8Array | undefined;

  constructor(lab: ModuleLab, identity: bigint, connection = identity * 1000n, token?: Fields) {
    this.#claims = token && new TextEncoder().encode(JSON.stringify(token));
    this.lab = lab;
    this.identity = identity;
    this.connection = connection;
  }

  /** The identity as an argument. */
  get identityArg(): readonly [string] {
    return [`0x${this.identity.toString(16)}`];
  }
  protected get caller(): Caller {
    return { identity: this.identity, connectionId: this.connection, claims: this.#claims };
  }

  /** Returns true if the hub accepts the connection. */
  connect(): boolean {
    return this.lab.connect(this.caller);
  }
  disconnect(): void {
    this.lab.disconnect(this.caller);
  }

  /** Calls a reducer; a refusal is thrown. */
  call(reducer: string, args: Fields): void {
    this.lab.callReducer(this.caller, reducer, args);
  }
  /** The text of the refusal, or undefined when the call succeeds. */
  refusalOf(reducer: string, args: Fields): string | undefined {
    try {
      this.call(reducer, args);
    } catch (error) {
      if (error instanceof Refused) return error.message;
      throw error;
    }
    return undefined;
  }
  /** The code of the refusal, or of the first refused act; undefined when the call succeeds. */
  refusalCode(reducer: string, args: Fields): string | undefined {
    const text = this.refusalOf(reducer, args);
    if (text === undefined) return undefined;
    return text.startsWith(REFUSED_ACTS) ? refusedActs(text)[0]?.code : new Refused(text).code;
  }
  /** The text of the refusal; throws when the call succeeds. */
  tryCallText(reducer: string, args: Fields): string {
    const refusal = this.refusalOf(reducer, args);
    if (refusal === undefined) throw new Error(`${reducer} was not refused`);
    return refusal;
  }
  /** The code of the refusal; throws when the call succeeds. */
  tryCall(reducer: string, args: Fields): string {
    return new Refused(this.tryCallText(reducer, args)).code;
  }

  procedure(name: string, args: Fields): unknown {
    return this.lab.callProcedure(this.caller, name, args);
  }
  /** The code of the refusal of a procedure; throws when the call succeeds. */
  tryProcedure(name: string, args: Fields): string {
    try {
      this.procedure(name, args);
    } catch (error) {
      if (error instanceof Refused) return error.code;
      throw error;
    }
    throw new Error(`${name} was not refused`);
  }

  view(name: string): Row[] {
    return this.lab.viewRows(name, this.identity);
  }
}

/** An identity with one agent. */
export class LabAgent extends LabClient {
  readonly id: number;
  #isConnected = true;

  constructor(lab: ModuleLab, identity: bigint, id: number, connection: bigint) {
    super(lab, identity, connection);
    this.id = id;
  }

  /** The same agent through a second connection. */
  again(): LabAgent {
    const second = new LabAgent(this.lab, this.identity, this.id, this.connection + 1n);
    second.connect();
    return second;
  }

  attach(): void {
    if (!this.#isConnected) this.connect();
    this.#isConnected = true;
    this.call('attach_agent', { agent: this.id });
  }
  /** Attaches as a new process, or as one that returns with the deliveries that it holds. */
  attachProcess(process: Fields): void {
    if (!this.#isConnected) this.connect();
    this.#isConnected = true;
    this.call('attach_process', { agent: this.id, isNew: false, holds: [], concurrency: 0, ...process });
  }
  /** Ends the connection. */
  leave(): void {
    if (!this.#isConnected) return;
    this.lab.disconnect(this.caller);
    this.#isConnected = false;
  }

  act(...acts: readonly Fields[]): void {
    this.call('perform_acts', { acts });
  }
  /** The refused acts of a call with their codes; throws when the call succeeds. */
  refusals(acts: readonly Fields[]): { act: number; code: string }[] {
    const text = this.tryCallText('perform_acts', { acts });
    return refusedActs(text).map(({ act, code }) => ({ act, code }));
  }
  /** The codes of the refused acts; throws when the call succeeds. */
  tryAct(...acts: readonly Fields[]): string[] {
    return this.refusals(acts).map(each => each.code);
  }

  /** The fields of a `Send`. */
  message(fields: Fields): Fields {
    return {
      id: this.lab.nextMessageId(),
      agent: this.id,
      type: 'status_update',
      payload: '{}',
      headers: '',
      priority: 2,
      answerWithinMs: 0,
      ttlMs: 0,
      delayMs: 0,
      inReplyTo: '',
      onBehalfOf: '',
      forwardOf: '',
      ...fields,
    };
  }
  /** Sends a message and returns its id. */
  send(to: string, fields: Fields = {}): string {
    const message = this.message({ to: [to], ...fields });
    this.act({ Send: message });
    return String(message['id']);
  }
  trySend(to: string): string[] {
    return this.tryAct({ Send: this.message({ to: [to] }) });
  }

  inbox(): Row[] {
    return this.view('my_inbox');
  }
}
