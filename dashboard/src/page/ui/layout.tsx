// Parts of every page: head, panels, numbers, and the states without data.

import { useEffect, type ReactNode } from 'react';
import { visible } from '../base/format.ts';
import type { Refusal } from '../hub/refusal.ts';

interface PageProps {
  readonly title: string;
  /** Below the title. */
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A page with its heading, which is also the title of the window. */
export function Page({ title, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${visible(title)} · Agora`;
  }, [title]);
  return (
    <article className="page">
      <header className="page-head">
        <div>
          <h1 tabIndex={-1}>
            <bdi>{visible(title)}</bdi>
          </h1>
          {about !== undefined && <p className="about">{about}</p>}
        </div>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </header>
      {children}
    </article>
  );
}

interface PanelProps {
  readonly title?: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}

export function Panel({ title, aside, children, className = '' }: PanelProps) {
  return (
    <section className={`panel ${className}`} aria-label={title}>
      {(title !== undefined || aside !== undefined) && (
        <header className="panel-head">
          {title !== undefined && <h2>{title}</h2>}
          {aside !== undefined && <div className="aside">{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** A number with its name. */
export function Figure({ name, value, hint, tone, link }: FigureProps) {
  const inner = (
    <>
      <span className="figure-name">{name}</span>
      <span className={`figure-value ${tone ?? ''}`}>{value}</span>
      {hint !== undefined && <span className="figure-hint">{hint}</span>}
    </>
  );
  return link === undefined ? (
    <div className="figure">{inner}</div>
  ) : (
    <a className="figure" href={link}>
      {inner}
    </a>
  );
}
interface FigureProps {
  readonly name: string;
  readonly value: ReactNode;
  readonly hint?: ReactNode;
  readonly tone?: 'bad' | 'warn' | undefined;
  readonly link?: string;
}

/** Shown where there is nothing yet, with a command to try. */
export function Empty({ title, command, children }: EmptyProps) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
      {command !== undefined && (
        <code className="command" tabIndex={0}>
          {command}
        </code>
      )}
    </div>
  );
}
interface EmptyProps {
  readonly title: string;
  readonly command?: string;
  readonly children?: ReactNode;
}

export function Loading({ rows = 4 }: { readonly rows?: number }) {
  return (
    <div className="loading" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, at) => (
        <span key={at} className="bone" />
      ))}
    </div>
  );
}

const HINTS: Readonly<Record<string, string>> = {
  'operator/required': 'Only operators may see this. An operator can grant it: agora operator grant IDENTITY.',
  'message/unknown': 'It was never sent, is no longer kept, or is not yours.',
  'workflow/unknown': 'It was never started, is no longer kept, or is not yours.',
};

/** A refusal of the hub, with its code. */
export function Refused({ refusal }: { readonly refusal: Refusal }) {
  return (
    <div className="refused" role="alert">
      <p>
        <strong>The hub refused this.</strong> {visible(refusal.message)}
      </p>
      {HINTS[refusal.code] !== undefined && <p>{HINTS[refusal.code]}</p>}
      <code>{visible(refusal.code)}</code>
    </div>
  );
}

/** Pairs of a name and a value. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode] | undefined)[] }) {
  return (
    <dl className="facts">
      {facts
        .filter(fact => fact !== undefined)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
