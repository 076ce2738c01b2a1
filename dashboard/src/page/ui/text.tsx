// Texts of others, times and JSON. All of it is rendered as text; nothing becomes markup or a link.

import { useState, useSyncExternalStore } from 'react';
import { clock, duration, pretty, visible } from '../base/format.ts';
import { Icon } from './icons.tsx';

/** Text that a program on the hub wrote. */
export function Foreign({ text, max = 300 }: { readonly text: string; readonly max?: number }) {
  return <bdi>{visible(text.length > max ? `${text.slice(0, max)}…` : text)}</bdi>;
}

const TICK_MS = 1_000;
let now = Date.now();
const tickers = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

function onTick(listener: () => void): () => void {
  tickers.add(listener);
  ticking ??= setInterval(() => {
    now = Date.now();
    for (const each of [...tickers]) each();
  }, TICK_MS);
  return () => {
    tickers.delete(listener);
    if (tickers.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}

/** The time now, once a second. */
export function useNow(): number {
  return useSyncExternalStore(onTick, () => now);
}

/** How long ago a time was; the exact time is its title. */
export function Ago({ ms }: { readonly ms: number }) {
  const age = useNow() - ms;
  if (ms <= 0) return <span className="faint">—</span>;
  const text = age < 2_000 ? 'now' : `${coarse(age)} ago`;
  return (
    <time dateTime={new Date(ms).toISOString()} title={new Date(ms).toLocaleString()}>
      {text}
    </time>
  );
}

/** The time left until a moment. */
export function Until({ ms }: { readonly ms: number }) {
  const left = ms - useNow();
  return (
    <time title={new Date(ms).toLocaleString()}>{left > 0 ? `in ${coarse(left)}` : `${coarse(-left)} overdue`}</time>
  );
}

/** The time since a moment, counting. */
export function Running({ since, until }: { readonly since: number; readonly until: number }) {
  const current = useNow();
  return <>{duration(Math.max(0, (until > 0 ? until : current) - since))}</>;
}

function coarse(ms: number): string {
  return duration(Math.floor(ms / 1_000) * 1_000).replace('.0', '');
}

export function Clock({ ms }: { readonly ms: number }) {
  return (
    <time dateTime={ms > 0 ? new Date(ms).toISOString() : undefined} title={new Date(ms).toLocaleString()}>
      {clock(ms)}
    </time>
  );
}

const FIRST_CHARACTERS = 6_000;

/** JSON of others, indented; a long one is opened on request. */
export function Json({ json, label }: { readonly json: string; readonly label: string }) {
  const [isWhole, setWhole] = useState(false);
  const text = pretty(json);
  const shown = isWhole ? text : text.slice(0, FIRST_CHARACTERS);
  return (
    <div className="json">
      <pre tabIndex={0} aria-label={label}>
        <Coloured text={visible(shown)} />
      </pre>
      <div className="json-tools">
        {shown.length < text.length && (
          <button type="button" className="small" onClick={() => setWhole(true)}>
            Show all {Math.round(text.length / 1024)} KiB
          </button>
        )}
        <CopyButton text={text} what={label} />
      </div>
    </div>
  );
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/g;

function Coloured({ text }: { readonly text: string }) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, quoted, colon, word] = match;
    if (match.index > from) parts.push(text.slice(from, match.index));
    const kind =
      quoted === undefined ? (word === undefined ? 'number' : 'word') : colon === undefined ? 'string' : 'key';
    parts.push(
      <span key={match.index} className={`json-${kind}`}>
        {whole}
      </span>,
    );
    from = match.index + whole.length;
  }
  return [...parts, text.slice(from)];
}

const COPIED_MS = 1_500;

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <button
      type="button"
      className="small ghost"
      aria-label={`Copy ${what}`}
      onClick={() => void copy().catch(() => undefined)}
    >
      <Icon name={isCopied ? 'check' : 'copy'} size={14} /> {isCopied ? 'Copied' : 'Copy'}
    </button>
  );
}

/** An id, shortened in the middle of the line; its title has all of it. */
export function Id({ id }: { readonly id: string }) {
  return (
    <code className="id" title={visible(id)}>
      {visible(id.length > 13 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id)}
    </code>
  );
}
