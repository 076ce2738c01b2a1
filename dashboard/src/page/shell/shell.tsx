// The frame around every page: navigation, the state of the connection, shortcuts.

import { useEffect, useState, type ReactNode } from 'react';
import { Compose } from '../actions/compose.tsx';
import { StartWorkflow } from '../actions/start-workflow.tsx';
import { href, navigate, useRoute } from '../base/router.ts';
import { applyTheme, currentTheme, nextTheme, type Theme } from '../base/theme.ts';
import { useMe, usePhase, useRows } from '../hub/hooks.ts';
import { Logo } from '../pages/sign-in.tsx';
import { Icon, type IconName } from '../ui/icons.tsx';
import { Running } from '../ui/text.tsx';
import { Palette, type Command } from './palette.tsx';
import { Shortcuts } from './shortcuts.tsx';

interface Entry {
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  /** After `g`. */
  readonly key: string;
}

/** The pages, in the order of the navigation. */
export const ENTRIES: readonly Entry[] = [
  { path: 'overview', name: 'Overview', icon: 'overview', key: 'o' },
  { path: 'agents', name: 'Agents', icon: 'agents', key: 'a' },
  { path: 'messages', name: 'Messages', icon: 'messages', key: 'm' },
  { path: 'workflows', name: 'Workflows', icon: 'workflows', key: 'w' },
  { path: 'events', name: 'Events', icon: 'events', key: 'e' },
  { path: 'dead-letters', name: 'Dead letters', icon: 'dead', key: 'd' },
  { path: 'groups', name: 'Groups', icon: 'groups', key: 'g' },
  { path: 'claims', name: 'Claims', icon: 'claims', key: 'c' },
  { path: 'operators', name: 'Operators', icon: 'operators', key: 'p' },
];
const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' } as const;
const SEQUENCE_MS = 1_200;

type Open = 'palette' | 'shortcuts' | 'compose' | 'start' | undefined;

export function Shell({ onSignOut, children }: { readonly onSignOut: () => void; readonly children: ReactNode }) {
  const { path } = useRoute();
  const current = path[0] ?? 'overview';
  const [open, setOpen] = useState<Open>();
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [theme, setTheme] = useState<Theme>(currentTheme);
  const address = path.join('/');
  useEffect(() => setMenuOpen(false), [address]);
  useFocusOfPage(address);
  useShortcuts(setOpen, open !== undefined);
  const switchTheme = () => {
    const next = nextTheme(theme);
    applyTheme(next);
    setTheme(next);
  };
  const commands: Command[] = [
    { name: 'Send or ask', icon: 'send', run: () => setOpen('compose') },
    { name: 'Start a workflow', icon: 'play', run: () => setOpen('start') },
    ...ENTRIES.map(entry => ({
      name: `Go to ${entry.name}`,
      icon: entry.icon,
      run: () => navigate(href([entry.path])),
    })),
    { name: 'Switch light and dark', icon: THEME_ICONS[theme], run: switchTheme },
    { name: 'Keyboard shortcuts', icon: 'key', run: () => setOpen('shortcuts') },
    { name: 'Sign out', icon: 'exit', run: onSignOut },
  ];
  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={focusMain}>
        Skip to the page
      </a>
      <header className="side">
        <div className="side-top">
          <a className="brand" href={href(['overview'])}>
            <Logo /> Agora
          </a>
          <button
            type="button"
            className="ghost square menu-button"
            aria-expanded={isMenuOpen}
            aria-label="Menu"
            onClick={() => setMenuOpen(!isMenuOpen)}
          >
            <Icon name={isMenuOpen ? 'cross' : 'menu'} />
          </button>
        </div>
        <div className={`side-body${isMenuOpen ? ' open' : ''}`}>
          <button type="button" className="find" onClick={() => setOpen('palette')}>
            <Icon name="search" size={15} /> Find or do <kbd>Ctrl K</kbd>
          </button>
          <nav aria-label="Pages">
            <ul>
              {ENTRIES.map(entry => (
                <li key={entry.path}>
                  <a href={href([entry.path])} aria-current={current === entry.path ? 'page' : undefined}>
                    <Icon name={entry.icon} /> {entry.name}
                    {entry.path === 'dead-letters' && <DeadCount />}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <div className="side-foot">
            <Identity />
            <div className="side-tools">
              <button type="button" className="ghost" onClick={switchTheme} aria-label={`Theme: ${theme}. Switch`}>
                <Icon name={THEME_ICONS[theme]} size={16} /> {theme}
              </button>
              <button type="button" className="ghost" onClick={() => onSignOut()}>
                <Icon name="exit" size={16} /> Sign out
              </button>
            </div>
          </div>
        </div>
      </header>
      <main id="main">
        <ConnectionNotice />
        {children}
      </main>
      {open === 'palette' && (
        <Palette commands={commands} onClose={() => setOpen(old => (old === 'palette' ? undefined : old))} />
      )}
      {open === 'shortcuts' && <Shortcuts onClose={() => setOpen(undefined)} />}
      {open === 'compose' && <Compose onClose={() => setOpen(undefined)} />}
      {open === 'start' && <StartWorkflow onClose={() => setOpen(undefined)} />}
    </div>
  );
}

function Identity() {
  const { identity, isOperator } = useMe();
  return (
    <p className="identity" title={identity.toHexString()}>
      <Icon name={isOperator ? 'operators' : 'agents'} size={16} />
      <span>
        {isOperator ? 'Operator' : 'Identity'} <code>{identity.toHexString().slice(0, 8)}</code>
      </span>
    </p>
  );
}

/** Dead letters in the navigation, for operators, whose counters are live. */
function DeadCount() {
  const { isOperator } = useMe();
  const [row] = useRows('hubStatus', isOperator ? 'SELECT * FROM hub_status' : undefined);
  if (!row || row.dead === 0n) return null;
  return (
    <span className="nav-count" aria-label={`${row.dead} dead letters`}>
      {String(row.dead)}
    </span>
  );
}

/** Shown while there is no connection: how old the data are, and that the page tries again. */
function ConnectionNotice() {
  const phase = usePhase();
  return (
    <div aria-live="assertive">
      {phase.name === 'lost' && (
        <p className="banner lost">
          <span className="pulse" aria-hidden="true" /> Disconnected. What you see is{' '}
          <Running since={phase.since} until={0} /> old; trying again.
        </p>
      )}
    </div>
  );
}

function focusMain(event: { readonly preventDefault: () => void }): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main h1')?.focus();
}

/** A new page begins at its heading, for the keyboard and for screen readers; not the first one. */
function useFocusOfPage(address: string): void {
  const [first] = useState(address);
  const [hasMoved, setMoved] = useState(false);
  useEffect(() => {
    if (!hasMoved && address === first) return;
    setMoved(true);
    scrollTo(0, 0);
    document.querySelector<HTMLElement>('#main h1')?.focus({ preventScroll: true });
  }, [address, first, hasMoved]);
}

function useShortcuts(setOpen: (open: Open) => void, isBusy: boolean): void {
  useEffect(() => {
    let isSequence = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        return setOpen('palette');
      }
      const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
      if (isBusy || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isSequence) {
        isSequence = false;
        const entry = ENTRIES.find(({ key }) => key === event.key);
        if (entry) navigate(href([entry.path]));
        return;
      }
      const act = ACTS[event.key];
      if (event.key === 'g') {
        isSequence = true;
        clearTimeout(timer);
        timer = setTimeout(() => (isSequence = false), SEQUENCE_MS);
      } else if (act) {
        event.preventDefault();
        act(setOpen);
      }
    };
    addEventListener('keydown', onKey);
    return () => {
      clearTimeout(timer);
      removeEventListener('keydown', onKey);
    };
  }, [setOpen, isBusy]);
}

const ACTS: Readonly<Record<string, (setOpen: (open: Open) => void) => void>> = {
  '/': () => document.querySelector<HTMLElement>('[data-search]')?.focus(),
  '?': setOpen => setOpen('shortcuts'),
  n: setOpen => setOpen('compose'),
  s: setOpen => setOpen('start'),
};
