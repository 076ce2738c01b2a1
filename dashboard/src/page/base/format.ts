// Values as short texts.

/** Characters that change how the text around them looks or reads, without being seen: written as their number. */
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]/g;

/** Text of others without characters that could forge the interface. */
export function visible(text: string): string {
  return text.replace(
    UNSEEN,
    character => `⟨${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
}

const NUMBER = new Intl.NumberFormat('en');
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export function count(value: number | bigint): string {
  return Number(value) < 100_000 ? NUMBER.format(value) : COMPACT.format(value);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(value: number | bigint): string {
  let rest = Number(value);
  let at = 0;
  while (rest >= 1024 && at < UNITS.length - 1) {
    rest /= 1024;
    at++;
  }
  return `${rest < 10 && at > 0 ? rest.toFixed(1) : Math.round(rest)} ${UNITS[at] ?? ''}`;
}

/** Microseconds since 1970 in milliseconds. */
export function msOf(micros: bigint | number): number {
  return Number(micros) / 1_000;
}

/** A length of time, in its two largest units. */
export function duration(ms: number): string {
  const total = Math.max(0, ms);
  if (total < 1_000) return `${Math.round(total)} ms`;
  const seconds = Math.floor(total / 1_000);
  if (seconds < 10) return `${(total / 1_000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return two(seconds, 60, 'min', 's');
  if (seconds < 86_400) return two(Math.floor(seconds / 60), 60, 'h', 'min');
  return two(Math.floor(seconds / 3_600), 24, 'd', 'h');
}

function two(value: number, base: number, large: string, small: string): string {
  const rest = value % base;
  return `${Math.floor(value / base)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** The time of day, with the date unless it is today. */
export function clock(ms: number): string {
  if (ms <= 0) return '—';
  const date = new Date(ms);
  return date.toDateString() === new Date().toDateString() ? CLOCK.format(date) : DAY.format(date);
}

export const PRIORITIES: Readonly<Record<number, string>> = { 1: 'low', 2: 'normal', 3: 'high', 4: 'critical' };

/** JSON as indented text; other text as it is. */
export function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

/** The value of JSON text; undefined if it is none. */
export function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

/** A value in one line. */
export function oneLine(value: unknown, length = 160): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return visible(text.length > length ? `${text.slice(0, length)}…` : text);
}
