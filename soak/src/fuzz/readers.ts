// Parsers without a socket: values, arguments, SQL, module definitions.

import {
  BsatnError,
  BsatnReader,
  BsatnWriter,
  checkValue,
  decodeModule,
  decodeValue,
  encodeValue,
  fromJson,
  HostError,
  JsonError,
  QueryError,
  runStatement,
  statementJson,
  SystemVariables,
  toJson,
  validateModule,
  type AlgebraicType,
  type Caller,
  type Database,
} from '@agora/host/fuzzing';
import type { Corpus } from './corpus.ts';
import { mutateBytes, mutateText } from './mutate.ts';
import type { Random } from './random.ts';
import type { Tally } from './tally.ts';

/** The parts that the readers need. */
export interface ReaderOptions {
  readonly random: Random;
  readonly tally: Tally;
  readonly database: Database;
  readonly corpus: Corpus;
  /** The descriptions of the modules of the recordings. */
  readonly descriptions: readonly Uint8Array[];
}

/** Gives input to parsers, one input per call. */
export class Readers {
  readonly #options: ReaderOptions;
  readonly #types: readonly AlgebraicType[];
  readonly #variables = new SystemVariables();
  readonly #callers: readonly Caller[];

  constructor(options: ReaderOptions) {
    this.#options = options;
    const { def, owner } = options.database;
    this.#types = [...def.typespace, ...def.reducers.map(each => each.params)];
    const caller = (identity: bigint): Caller => ({ identity, connectionId: 1n, claims: undefined });
    this.#callers = [caller(owner), caller(0xbadn)];
  }

  /** A value that is decoded and encoded again is unchanged, and skipping it ends at the same byte. */
  value(): void {
    const { random, tally, database, corpus } = this.#options;
    const { typespace } = database.def;
    const type = random.pick(this.#types);
    const message = random.pick(corpus.messages);
    const bytes = mutateBytes(random, message.subarray(random.below(message.length)), corpus.messages);
    const read = () => {
      const passing = new BsatnReader(bytes);
      checkValue(type, typespace, passing);
      const reader = new BsatnReader(bytes);
      const value = decodeValue(type, typespace, reader);
      if (reader.left !== passing.left) throw new Error('skipping a value and reading it end at different bytes');
      const written = encode(type, database, value);
      const again = encode(type, database, decodeValue(type, typespace, new BsatnReader(written)));
      if (Buffer.compare(written, again) !== 0) throw new Error('a value changed when it was read again');
    };
    const show = () => `${JSON.stringify(type)} of ${Buffer.from(bytes).toString('hex')}`;
    tally.try('value', show, read, error => error instanceof BsatnError);
  }

  /** Accepted arguments can be encoded as bytes, and the bytes as JSON. */
  json(): void {
    const { random, tally, database, corpus } = this.#options;
    const { typespace, reducers } = database.def;
    const { args } = random.pick(corpus.calls);
    const { params } = random.pick(reducers);
    const text = mutateText(random, args, corpus.words);
    const read = () => {
      const bytes = encode(params, database, fromJson(params, typespace, text));
      toJson(params, typespace, decodeValue(params, typespace, new BsatnReader(bytes)));
    };
    tally.try(
      'json',
      () => text,
      read,
      error => error instanceof JsonError,
    );
  }

  sql(): void {
    const { random, tally, database, corpus } = this.#options;
    const text = mutateText(random, random.pick(corpus.sql), corpus.words);
    const caller = random.pick(this.#callers);
    const read = () => void statementJson(runStatement(database, text, caller, this.#variables), 0);
    tally.try(
      'sql',
      () => text,
      read,
      error => error instanceof QueryError,
    );
  }

  definition(): void {
    const { random, tally, descriptions } = this.#options;
    const bytes = mutateBytes(random, random.pick(descriptions), descriptions);
    const read = () => void validateModule(decodeModule(bytes));
    const show = () => Buffer.from(bytes).toString('hex');
    tally.try('definition', show, read, error => error instanceof HostError && error.code === 'schema/invalid');
  }
}

function encode(type: AlgebraicType, { def }: Database, value: Parameters<typeof encodeValue>[2]): Uint8Array {
  const writer = new BsatnWriter();
  encodeValue(type, def.typespace, value, writer);
  return writer.finish();
}
