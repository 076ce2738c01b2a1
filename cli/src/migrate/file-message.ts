// Parses a file as a message. The members of a message have many names in old files; README.md has the table of names.

import { PRIORITY, SIGN, type Priority } from '@agora/module/contract';
import { parse as parseYaml } from 'yaml';
import { FileError } from './file-error.ts';

/** A message read from a file. */
export interface FileMessage {
  readonly to: readonly string[];
  readonly messageType: string;
  readonly payload: unknown;
  readonly priority: Priority;
  readonly ttlMs: number | undefined;
  /** The header `migrated`: the origin of the file, and members that a message of the hub does not have. */
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Values of the command line: for files without a value, or for all files (`override`). */
export interface FileMessageOptions {
  readonly to?: string | undefined;
  readonly type?: string | undefined;
  readonly override: boolean;
  readonly now: Date;
}

/** The message type of files that name none. */
export const DEFAULT_TYPE = 'file_message';

const PARTS = {
  to: ['to', 'to_agent', 'recipient', 'recipients', 'target', 'target_agent', 'destination'],
  from: ['from', 'from_agent', 'source', 'source_agent', 'sender'],
  type: ['type', 'message_type', 'msg_type', 'kind'],
  payload: ['payload', 'data', 'content', 'body', 'message', 'text'],
  priority: ['priority', 'urgency'],
  sentAt: ['timestamp', 'created_at', 'sent_at', 'created', 'date', 'time'],
  expiresAt: ['expires_at', 'expires', 'valid_until'],
  id: ['id', 'message_id', 'msg_id'],
  inReplyTo: ['in_reply_to', 'reply_to', 'correlation_id'],
} as const;
type Part = keyof typeof PARTS;

const PRIORITIES: Readonly<Record<string, number>> = {
  ...PRIORITY,
  medium: PRIORITY.normal,
  default: PRIORITY.normal,
  important: PRIORITY.high,
  urgent: PRIORITY.critical,
  emergency: PRIORITY.critical,
};
const EVERYONE = new Set([SIGN.everyone, 'all', 'everyone', 'everybody', 'broadcast']);
/** Names of folders that do not name a recipient. */
const NEUTRAL = new Set(
  'inbox inboxes outbox new incoming pending queue queued messages mail mailbox unread agents'.split(' '),
);
const HANDLED_TOO = new Set('processed done archive archived handled completed sent read cur'.split(' '));

const READERS: Readonly<Record<string, (text: string) => Readonly<Record<string, unknown>> | { whole: unknown }>> = {
  json: text => objectOr(parsed(() => JSON.parse(text) as unknown, 'JSON')),
  yaml: text => objectOr(parsed(() => parseYaml(text, { maxAliasCount: 100 }) as unknown, 'YAML')),
  yml: text => objectOr(parsed(() => parseYaml(text, { maxAliasCount: 100 }) as unknown, 'YAML')),
  md: readProse,
  markdown: readProse,
  txt: readProse,
};

/** Returns true if a file with this name can be a message. */
export function isReadable(path: string): boolean {
  return Object.hasOwn(READERS, extensionOf(path));
}

/** Parses a file as a message. Throws a `FileError` if it is none. */
export function parseFileMessage(
  path: string,
  text: string,
  modifiedAt: Date,
  options: FileMessageOptions,
): FileMessage {
  if (text.trim() === '') throw new FileError('file/empty', 'is empty');
  const reader = READERS[extensionOf(path)];
  if (!reader) throw new FileError('file/unknown-kind', unknownKind(path));
  const content = reader(text);
  const parts = partsOf('whole' in content ? {} : content);
  const payload = 'whole' in content ? content.whole : 'payload' in parts.known ? parts.known.payload : parts.rest;
  const type = typeOf(parts.known.type, options);
  const { expiresAt, from, id, inReplyTo, sentAt } = parts.known;
  const priority = priorityOf(parts.known.priority);
  const hasRest = 'payload' in parts.known && Object.keys(parts.rest).length > 0;
  const typeInFile = parts.known.type;
  return {
    to: recipientsOf(path, parts.known.to, options),
    messageType: type,
    payload,
    priority: priority ?? PRIORITY.normal,
    ttlMs: ttlOf(expiresAt, options.now),
    headers: {
      migrated: {
        file: path,
        modifiedAt: modifiedAt.toISOString(),
        ...given({ from: from ?? senderOf(path), sentAt, id, inReplyTo }),
        ...(typeInFile !== undefined && typeInFile !== type && { type: typeInFile }),
        ...(priority === undefined && parts.known.priority !== undefined && { priority: parts.known.priority }),
        ...(hasRest && { other: parts.rest }),
      },
    },
  };
}

/** The reason why a file with an unknown extension is not sent. */
export function unknownKind(path: string): string {
  const extension = extensionOf(path);
  return `${extension === '' ? 'has no extension' : `is a .${extension} file`}; messages are .json, .yaml, .yml, .md, .markdown or .txt`;
}

function extensionOf(path: string): string {
  return (/\.([^./]+)$/.exec(path)?.[1] ?? '').toLowerCase();
}

function parsed(parse: () => unknown, language: string): unknown {
  try {
    return parse();
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new FileError('file/broken', `is not valid ${language}: ${line}`);
  }
}

function objectOr(value: unknown): Readonly<Record<string, unknown>> | { whole: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { whole: value };
  return value as Readonly<Record<string, unknown>>; // every object has members
}

/** A text file: the text is the payload, and front matter between lines of `---` has the other members of the message. */
function readProse(text: string): Readonly<Record<string, unknown>> {
  const [head, front] = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text) ?? [];
  if (head === undefined || front === undefined) return { payload: { text } };
  const above = objectOr(parsed(() => parseYaml(front, { maxAliasCount: 100 }) as unknown, 'YAML above the text'));
  if ('whole' in above) return { payload: { text } };
  return { ...above, payload: { text: text.slice(head.length) } };
}

function partsOf(content: Readonly<Record<string, unknown>>) {
  const known: Partial<Record<Part, unknown>> = {};
  const rest: Record<string, unknown> = {};
  const members = new Map(Object.entries(content).map(([key, value]) => [snake(key), { key, value }]));
  for (const [part, names] of Object.entries(PARTS)) {
    for (const name of names) {
      const member = members.get(name);
      if (!member || part in known) continue;
      known[part as Part] = member.value; // a key of PARTS
      members.delete(name);
    }
  }
  for (const { key, value } of members.values()) rest[key] = value;
  return { known, rest };
}

function snake(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[-\s]+/g, '_')
    .toLowerCase();
}

function recipientsOf(path: string, value: unknown, { to, override }: FileMessageOptions): string[] {
  const inFile = listOf(value);
  const inFlag = listOf(to);
  const [first, second] = override ? [inFlag, inFile] : [inFile, inFlag];
  const named = first.length > 0 ? first : second;
  if (named.length > 0) return named;
  const folder = isOutgoing(path) ? undefined : ownerOf(path);
  if (folder !== undefined) return [folder];
  throw new FileError('file/no-recipient', 'names no recipient and is not in the folder of one; use --to NAME');
}

function listOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[,;]/) : [];
  const names = list.flatMap(each => (typeof each === 'string' && each.trim() !== '' ? [each.trim()] : []));
  return names.length === 1 && EVERYONE.has((names[0] ?? '').toLowerCase()) ? [SIGN.everyone] : names;
}

/** The nearest folder whose name can be an agent. */
function ownerOf(path: string): string | undefined {
  const folders = path.split('/').slice(0, -1);
  return folders.findLast(name => !NEUTRAL.has(name.toLowerCase()) && !HANDLED_TOO.has(name.toLowerCase()));
}

function isOutgoing(path: string): boolean {
  return path
    .split('/')
    .slice(0, -1)
    .some(name => /^(outbox|sent)$/i.test(name));
}

function senderOf(path: string): string | undefined {
  return isOutgoing(path) ? ownerOf(path) : undefined;
}

function typeOf(value: unknown, { type, override }: FileMessageOptions): string {
  const inFile = typeof value === 'string' && value.trim() !== '' ? value.trim().replace(/[-\s]+/g, '_') : undefined;
  return (override ? (type ?? inFile) : (inFile ?? type)) ?? DEFAULT_TYPE;
}

/** The priority; undefined for a value that is none. */
function priorityOf(value: unknown): Priority | undefined {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  const level = typeof word === 'string' ? (PRIORITIES[word] ?? Number(word)) : word;
  return Object.values(PRIORITY).find(each => each === level);
}

function ttlOf(value: unknown, now: Date): number | undefined {
  const at = timeOf(value);
  if (at === undefined) return undefined;
  const leftMs = at - now.getTime();
  if (leftMs > 0) return Math.ceil(leftMs);
  throw new FileError('file/expired', `expired at ${new Date(at).toISOString()}`);
}

/** Larger numbers are milliseconds, smaller ones seconds. */
const MIN_MS = 1e11;

/** A date as text, or seconds or milliseconds since 1970. */
function timeOf(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'number') return value > MIN_MS ? value : value * 1000;
  const ms = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function given(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
}
