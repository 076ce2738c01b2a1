// Envelopes of messages as the pages show them: JSON of the hub, read with care.

/** The shown part of an envelope. */
export interface Envelope {
  readonly id: string;
  readonly from: string;
  readonly fromId: number;
  readonly to: string;
  readonly type: string;
  readonly priority: number;
  readonly sentAt: number;
  readonly answerBy: number;
  readonly expiresAt: number;
  readonly inReplyTo: string;
  readonly continues: string;
  readonly initiator: string;
  readonly headers: unknown;
  readonly payload: unknown;
  readonly payloadBytes: number;
  readonly onBehalfOf: readonly Reference[];
  readonly forwarded: readonly Reference[];
}

/** A message that another one refers to. */
export interface Reference {
  readonly id: string;
  readonly from: string;
  readonly type: string;
}

type Fields = Readonly<Record<string, unknown>>;

export function readEnvelope(json: string): Envelope {
  const fields = fieldsOf(parseAny(json));
  return {
    id: textIn(fields, 'id'),
    from: textIn(fields, 'from'),
    fromId: numberIn(fields, 'fromId'),
    to: textIn(fields, 'to'),
    type: textIn(fields, 'type'),
    priority: numberIn(fields, 'priority'),
    sentAt: numberIn(fields, 'sentAt'),
    answerBy: numberIn(fields, 'answerBy'),
    expiresAt: numberIn(fields, 'expiresAt'),
    inReplyTo: textIn(fields, 'inReplyTo'),
    continues: textIn(fields, 'continues'),
    initiator: textIn(fields, 'initiator'),
    headers: fields['headers'],
    payload: fields['payload'],
    payloadBytes: numberIn(fields, 'payloadBytes'),
    onBehalfOf: references(fields['onBehalfOf']),
    forwarded: references(fields['forwarded']),
  };
}

/** The members of an object; none for other values. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function textIn(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

function numberIn(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === 'number' ? value : 0;
}

function references(value: unknown): Reference[] {
  if (!Array.isArray(value)) return [];
  return value.map(each => {
    const fields = fieldsOf(each);
    return { id: textIn(fields, 'id'), from: textIn(fields, 'from'), type: textIn(fields, 'type') };
  });
}

function parseAny(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
