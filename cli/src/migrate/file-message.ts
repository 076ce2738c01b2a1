// What a file says as a message: the words that people have used for the parts of one, and what the folders tell.
// README.md has the mapping as a table.

import { parse as parseYaml } from 'yaml';

/** A message out of a file. */
export interface FileMessage {
  readonly to: readonly string[];
  readonly messageType: string;
  readonly payload: unknown;
  readonly priority: number;
  readonly ttlMs: number | undefined;
  /** `migrated`: where it comes from, and what has no place in a message of a hub. */
  readonly headers: Readonly<Record<string, unknown>>;
}

/** What is said on the command line: for files that do not say it, or (`override`) for all. */
export interface FileMessageOptions {
  readonly to?: string | undefined;
  readonly type?: string | undefined;
  readonly override: boolean;
  readonly now: Date;
}

/** A file that is no message; `code` is stable. */
export class FileMessageError extends Error {
  readonly code: string;

  constructor(code: string, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** The type of what names none. */
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
  low: 1,
  normal: 2,
  medium: 2,
  default: 2,
  high: 3,
  important: 3,
  urgent: 4,
  critical: 4,
  emergency: 4,
};
const EVERYONE = new Set(['*', 'all', 'everyone', 'everybody', 'broadcast']);
/** Folders that say nothing of who a message is for. */
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

/** Whether a file of this name can be a message. */
export function isReadable(path: string): boolean {
  return Object.hasOwn(READERS, extensionOf(path));
}

/** Makes a message of a file. Throws a `FileMessageError` that says why it is none. */
export function parseFileMessage(path: string, text: string, modifiedAt: Date, options: FileMessageOptions): FileMessage {
  if (text.trim() === '') throw new FileMessageError('file/empty', 'is empty');
  const reader = READERS[extensionOf(path)];
  if (!reader) throw new FileMessageError('file/unknown-kind', unknownKind(path));
  const content = reader(text);
  const parts = partsOf('whole' in content ? {} : content);
  const payload = 'whole' in content ? content.whole : 'payload' in parts.known ? parts.known.payload : parts.rest;
  const type = typeOf(parts.known.type, options);
  const { expiresAt, from, id, inReplyTo, sentAt } = parts.known;
  const priority = priorityOf(parts.known.priority);
  const hasRest = 'payload' in parts.known && Object.keys(parts.rest).length > 0;
  const said = parts.known.type;
  return {
    to: recipientsOf(path, parts.known.to, options),
    messageType: type,
    payload,
    priority: priority ?? 2,
    ttlMs: ttlOf(expiresAt, options.now),
    headers: {
      migrated: {
        file: path,
        modifiedAt: modifiedAt.toISOString(),
        ...given({ from: from ?? senderOf(path), sentAt, id, inReplyTo }),
        ...(said !== undefined && said !== type && { type: said }),
        ...(priority === undefined && parts.known.priority !== undefined && { priority: parts.known.priority }),
        ...(hasRest && { other: parts.rest }),
      },
    },
  };
}

/** What to say of a file whose name tells nothing. */
export function unknownKind(path: string): string {
  const extension = extensionOf(path);
  return `${extension === '' ? 'has no extension' : `is a .${extension}`}; messages are .json, .yaml, .yml, .md, .markdown or .txt`;
}

function extensionOf(path: string): string {
  return (/\.([^./]+)$/.exec(path)?.[1] ?? '').toLowerCase();
}

function parsed(parse: () => unknown, language: string): unknown {
  try {
    return parse();
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new FileMessageError('file/broken', `is broken ${language}: ${line}`);
  }
}

function objectOr(value: unknown): Readonly<Record<string, unknown>> | { whole: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { whole: value };
  return value as Readonly<Record<string, unknown>>; // an object has members of some kind
}

/** Prose is its own payload; what stands above it between lines of `---` are the parts of the message. */
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

function recipientsOf(path: string, said: unknown, { to, override }: FileMessageOptions): string[] {
  const inFile = listOf(said);
  const inFlag = listOf(to);
  const [first, second] = override ? [inFlag, inFile] : [inFile, inFlag];
  const named = first.length > 0 ? first : second;
  if (named.length > 0) return named;
  const folder = isOutgoing(path) ? undefined : ownerOf(path);
  if (folder !== undefined) return [folder];
  throw new FileMessageError('file/no-recipient', 'names nobody it is for, and lies in nobody’s folder; --to NAME says who');
}

function listOf(said: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(said) ? said : typeof said === 'string' ? said.split(/[,;]/) : [];
  const names = list.flatMap(each => (typeof each === 'string' && each.trim() !== '' ? [each.trim()] : []));
  return names.length === 1 && EVERYONE.has((names[0] ?? '').toLowerCase()) ? ['*'] : names;
}

/** The nearest folder that is named for somebody. */
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

function typeOf(said: unknown, { type, override }: FileMessageOptions): string {
  const inFile = typeof said === 'string' && said.trim() !== '' ? said.trim().replace(/[-\s]+/g, '_') : undefined;
  return (override ? (type ?? inFile) : (inFile ?? type)) ?? DEFAULT_TYPE;
}

/** Undefined for what is no priority of a hub. */
function priorityOf(said: unknown): number | undefined {
  const word = typeof said === 'string' ? said.trim().toLowerCase() : said;
  const level = typeof word === 'string' ? (PRIORITIES[word] ?? Number(word)) : word;
  return typeof level === 'number' && Number.isInteger(level) && level >= 1 && level <= 4 ? level : undefined;
}

function ttlOf(said: unknown, now: Date): number | undefined {
  const at = timeOf(said);
  if (at === undefined) return undefined;
  const leftMs = at - now.getTime();
  if (leftMs > 0) return Math.ceil(leftMs);
  throw new FileMessageError('file/expired', `was to be read until ${new Date(at).toISOString()}`);
}

const FIRST_MS = 1e11;

/** A date as text, or seconds or milliseconds since 1970. */
function timeOf(said: unknown): number | undefined {
  if (said instanceof Date) return said.getTime();
  if (typeof said === 'number') return said > FIRST_MS ? said : said * 1000;
  const ms = typeof said === 'string' ? Date.parse(said) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function given(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
}
