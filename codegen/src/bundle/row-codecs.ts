// Faster encoding and decoding of rows in a module. The server library of the SDK (2.10) calls a bound function for each
// column, creates an encoder for each text and calls the host for it. The functions made here encode a whole row at once, and
// texts of ASCII without the host. Their bytes and values are those of the library, which handles everything else: other
// text, arrays, sums, and values that it refuses.

/** A type of the library. */
export interface CodecType {
  readonly tag: string;
  readonly value?: unknown;
}

interface ProductOf {
  readonly elements: readonly { readonly name?: string | undefined; readonly algebraicType: CodecType }[];
}

interface SumOf {
  readonly variants: readonly { readonly name: string; readonly algebraicType: CodecType }[];
}

export interface CodecWriter {
  readonly buffer: { readonly buffer: ArrayBuffer; readonly view: DataView };
  offset: number;
  expandBuffer(bytes: number): void;
}

export interface CodecReader {
  readonly view: DataView;
  offset: number;
}

export type Encode = (writer: CodecWriter, value: unknown) => void;
export type Decode = (reader: CodecReader) => unknown;

interface Typespace {
  readonly types: readonly CodecType[];
}

interface Codecs<Of> {
  makeSerializer: (type: Of, typespace?: Typespace) => Encode;
  makeDeserializer: (type: Of, typespace?: Typespace) => Decode;
}

/** The parts of the library that are read, and the one that is changed: `ProductType`. */
export interface ServerLibrary {
  readonly ProductType: Codecs<ProductOf>;
  readonly AlgebraicType: Codecs<CodecType>;
  /** The classes of products with one special column, by the name of the column. */
  readonly classes: Readonly<Record<string, new (value: bigint) => unknown>>;
}

/** Replaces the codecs of products. Self-contained: the bundler passes its text into the library. */
export function installRowCodecs({ ProductType, AlgebraicType, classes }: ServerLibrary): void {
  /** Bytes of a value of a fixed width, and the access of a `DataView`. */
  const fixed: Readonly<Record<string, readonly [bytes: number, kind: string]>> = {
    Bool: [1, 'Uint8'],
    I8: [1, 'Int8'],
    U8: [1, 'Uint8'],
    I16: [2, 'Int16'],
    U16: [2, 'Uint16'],
    I32: [4, 'Int32'],
    U32: [4, 'Uint32'],
    I64: [8, 'BigInt64'],
    U64: [8, 'BigUint64'],
    F32: [4, 'Float32'],
    F64: [8, 'Float64'],
  };
  /** Bytes of wide unsigned integers. */
  const wide: Readonly<Record<string, number>> = { U128: 16, U256: 32 };
  const isName = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
  const { makeSerializer, makeDeserializer } = ProductType;

  const resolve = (type: CodecType, typespace: Typespace | undefined): CodecType => {
    let found = type;
    while (found.tag === 'Ref' && typespace) found = typespace.types[found.value as number] as CodecType;
    return found;
  };
  /** The type of the value if a type is an option. */
  const optionOf = (type: CodecType): CodecType | undefined => {
    if (type.tag !== 'Sum') return undefined;
    const [some, none, more] = (type.value as SumOf).variants;
    return some?.name === 'some' && none?.name === 'none' && !more ? some.algebraicType : undefined;
  };
  /** The columns of a product that is encoded in place. A named type is not: it may contain itself. */
  const columnsOf = (type: CodecType): ProductOf['elements'] | undefined => {
    if (type.tag !== 'Product') return undefined;
    const { elements } = type.value as ProductOf;
    return elements.every(({ name }) => name !== undefined && isName.test(name)) ? elements : undefined;
  };

  /** Returns the bytes of a view; most views are those of the last call. */
  const makeBytesOf = () => {
    let bytes: Uint8Array = new Uint8Array(0);
    let last: DataView | undefined;
    return (view: DataView): Uint8Array => {
      if (view !== last) {
        bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
        last = view;
      }
      return bytes;
    };
  };
  const bytesToWrite = makeBytesOf();
  const bytesToRead = makeBytesOf();
  /** Writes a text of ASCII; returns its end, or -1 for other text. */
  const putText = (view: DataView, at: number, text: string): number => {
    const { length } = text;
    const bytes = bytesToWrite(view);
    view.setUint32(at, length, true);
    const start = at + 4;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) return -1;
      bytes[start + i] = unit;
    }
    return start + length;
  };
  const decoder = new TextDecoder('utf-8');
  /** A longer text is decoded by the host. */
  const maxLength = 40;
  const { fromCharCode } = String;
  /** Reads a text of `length` bytes. */
  const takeText = (view: DataView, at: number, length: number): string => {
    const bytes = bytesToRead(view);
    const end = at + length;
    if (length <= maxLength) {
      let text = '';
      let next = at;
      for (; next < end; next++) {
        const byte = bytes[next] as number;
        if (byte > 127) break;
        text += fromCharCode(byte);
      }
      if (next === end) return text;
    }
    return decoder.decode(bytes.subarray(at, end));
  };

  /** Collects the lines of one function, and the functions of the library that it calls. */
  const newCode = () => ({ lines: [] as string[], tests: [] as string[], calls: [] as unknown[], bytes: 0, names: 0 });
  type Code = ReturnType<typeof newCode>;
  const callOf = (code: Code, call: unknown) => `calls[${code.calls.push(call) - 1}]`;

  const writeFixed = (code: Code, [bytes, kind]: readonly [number, string], value: string) => {
    code.bytes += bytes;
    code.lines.push(`view.set${kind}(at, ${value}${bytes > 1 ? ', true' : ''}); at += ${bytes};`);
  };
  /** Adds the lines that encode a value; `value` is an expression without effects. */
  const write = (code: Code, type: CodecType, value: string, typespace: Typespace | undefined): void => {
    const found = resolve(type, typespace);
    const { tag } = found;
    const simple = fixed[tag];
    const option = optionOf(found);
    const columns = columnsOf(type);
    if (tag === 'Bool') {
      writeFixed(code, fixed['Bool'] as readonly [number, string], `${value} ? 1 : 0`);
    } else if (simple) {
      writeFixed(code, simple, value);
    } else if (wide[tag]) {
      code.bytes += wide[tag];
      for (let shift = 0; shift < wide[tag] * 8; shift += 64) {
        code.lines.push(`view.setBigUint64(at, ${value}${shift ? ` >> ${shift}n` : ''}, true); at += 8;`);
      }
    } else if (tag === 'String') {
      code.bytes += 4;
      code.tests.push(`if (typeof ${value} !== 'string') return slow(writer, value); bytes += ${value}.length;`);
      code.lines.push(
        `at = putText(view, at, ${value}); if (at < 0) { writer.offset = start; return slow(writer, value); }`,
      );
    } else if (columns) {
      for (const { name, algebraicType } of columns) write(code, algebraicType, `${value}.${name}`, typespace);
    } else if (option) {
      const some = newCode();
      some.calls = code.calls;
      write(some, option, value, typespace);
      code.bytes += 1 + some.bytes;
      code.tests.push(`if (${value} !== null && ${value} !== undefined) { ${some.tests.join(' ')} }`);
      code.lines.push(
        `if (${value} !== null && ${value} !== undefined) { view.setUint8(at, 0); at += 1; ${some.lines.join(' ')} }`,
        'else { view.setUint8(at, 1); at += 1; }',
      );
    } else {
      const call = callOf(code, AlgebraicType.makeSerializer(found, typespace));
      code.lines.push(`writer.offset = at; ${call}(writer, ${value}); at = writer.offset;`);
      code.lines.push('writer.expandBuffer(bytes); view = writer.buffer.view;');
    }
  };

  /** Adds the lines that decode a value into a constant, and returns its name. */
  const read = (code: Code, type: CodecType, typespace: Typespace | undefined): string => {
    const found = resolve(type, typespace);
    const { tag } = found;
    const name = `v${code.names++}`;
    const simple = fixed[tag];
    const option = optionOf(found);
    const columns = columnsOf(type);
    if (simple) {
      const [bytes, kind] = simple;
      const got = `view.get${kind}(at${bytes > 1 ? ', true' : ''})${tag === 'Bool' ? ' !== 0' : ''}`;
      code.lines.push(`let ${name} = ${got}; at += ${bytes};`);
    } else if (wide[tag]) {
      const parts: string[] = [];
      for (let byte = 0; byte < wide[tag]; byte += 8) {
        const part = `view.getBigUint64(at + ${byte}, true)`;
        parts.unshift(byte ? `(${part} << ${byte * 8}n)` : part);
      }
      code.lines.push(`let ${name} = ${parts.join(' | ')}; at += ${wide[tag]};`);
    } else if (tag === 'String') {
      code.lines.push(
        `const n${name} = view.getUint32(at, true); at += 4;`,
        `if (at + n${name} > view.byteLength) { reader.offset = start; return slow(reader); }`,
        `let ${name} = takeText(view, at, n${name}); at += n${name};`,
      );
    } else if (columns) {
      const names = columns.map(({ algebraicType }) => read(code, algebraicType, typespace));
      const special = columns.length === 1 ? classes[columns[0]?.name ?? ''] : undefined;
      const made = special
        ? `new ${callOf(code, special)}(${names[0]})`
        : `{ ${columns.map((element, at) => `${element.name}: ${names[at]}`).join(', ')} }`;
      code.lines.push(`let ${name} = ${made};`);
    } else if (option) {
      const some = newCode();
      some.calls = code.calls;
      some.names = code.names;
      const held = read(some, option, typespace);
      code.names = some.names;
      code.lines.push(
        `let ${name}; const t${name} = view.getUint8(at); at += 1;`,
        `if (t${name} === 0) { ${some.lines.join(' ')} ${name} = ${held}; }`,
        `else if (t${name} !== 1) { reader.offset = start; return slow(reader); }`,
      );
    } else {
      const call = callOf(code, AlgebraicType.makeDeserializer(found, typespace));
      code.lines.push(`reader.offset = at; let ${name} = ${call}(reader); at = reader.offset;`);
    }
    return name;
  };

  const compile = (parameters: readonly string[], body: string) =>
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- as the library does; the text has names of columns only
    Function(...parameters, `'use strict';\n${body}`) as (...values: unknown[]) => never;
  const encoders = new Map<ProductOf, Encode>();
  const decoders = new Map<ProductOf, Decode>();

  ProductType.makeSerializer = (type, typespace) => {
    const known = encoders.get(type);
    if (known) return known;
    const slow = makeSerializer(type, typespace);
    // A type that contains itself finds the function of the library.
    encoders.set(type, slow);
    const code = newCode();
    write(code, { tag: 'Product', value: type }, 'value', typespace);
    const body = [
      'return (writer, value) => {',
      'const start = writer.offset;',
      `let bytes = ${code.bytes};`,
      ...code.tests,
      'writer.expandBuffer(bytes);',
      'let view = writer.buffer.view;',
      'let at = start;',
      ...code.lines,
      'writer.offset = at;',
      '};',
    ];
    const encode: Encode = compile(['slow', 'putText', 'calls'], body.join('\n'))(slow, putText, code.calls);
    encoders.set(type, encode);
    return encode;
  };

  ProductType.makeDeserializer = (type, typespace) => {
    const known = decoders.get(type);
    if (known) return known;
    const slow = makeDeserializer(type, typespace);
    decoders.set(type, slow);
    const code = newCode();
    const name = read(code, { tag: 'Product', value: type }, typespace);
    const body = [
      'return reader => {',
      'const start = reader.offset;',
      'const view = reader.view;',
      'let at = start;',
      ...code.lines,
      'reader.offset = at;',
      `return ${name};`,
      '};',
    ];
    const decode: Decode = compile(['slow', 'takeText', 'calls'], body.join('\n'))(slow, takeText, code.calls);
    decoders.set(type, decode);
    return decode;
  };
}
