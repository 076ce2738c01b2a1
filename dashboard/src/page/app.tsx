// The page as a whole: sign-in, the connection, and the page of the current address.

import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { ActionsProvider, Receipts } from './actions/actions.tsx';
import { Attach } from './actions/attach.tsx';
import { useRoute } from './base/router.ts';
import { BASE, databaseOf, exchange, storedToken, storeToken, takeCode } from './base/session.ts';
import { applyTheme } from './base/theme.ts';
import { HubContext } from './hub/hooks.ts';
import { Hub } from './hub/hub.ts';
import { Agent } from './pages/agent.tsx';
import { Agents } from './pages/agents.tsx';
import { Claim, Claims } from './pages/claims.tsx';
import { DeadLetters } from './pages/dead-letters.tsx';
import { Events } from './pages/events.tsx';
import { Group, Groups } from './pages/groups.tsx';
import { Message } from './pages/message.tsx';
import { Messages } from './pages/messages.tsx';
import { Operators } from './pages/operators.tsx';
import { Overview } from './pages/overview.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { Workflow } from './pages/workflow.tsx';
import { Workflows } from './pages/workflows.tsx';
import { Shell } from './shell/shell.tsx';
import { Empty, Loading, Page } from './ui/layout.tsx';

const code = takeCode();
applyTheme();

export function App() {
  const [token, setToken] = useState(storedToken);
  const [isExchanging, setExchanging] = useState(code !== undefined);
  const [notice, setNotice] = useState('');
  useEffect(() => {
    if (code === undefined) return;
    exchange(code)
      .then(found => {
        if (found === undefined) setNotice('This sign-in code was used already, or its minute is over.');
        else signIn(found);
      })
      .catch(() => setNotice('The hub does not answer.'))
      .finally(() => setExchanging(false));
  }, []);
  const signIn = (found: string) => {
    storeToken(found);
    setNotice('');
    setToken(found);
  };
  const signOut = (why = '') => {
    storeToken(undefined);
    setNotice(why);
    setToken(undefined);
  };
  if (isExchanging) return <Opening text="Signing in" />;
  if (token === undefined) return <SignIn notice={notice === '' ? undefined : notice} onToken={signIn} />;
  return <Connected key={token} token={token} onSignOut={signOut} />;
}

function Connected({ token, onSignOut }: { readonly token: string; readonly onSignOut: (why?: string) => void }) {
  const [hub, setHub] = useState<Hub>();
  useEffect(() => {
    const opened = new Hub({ base: BASE, database: databaseOf() }, token);
    setHub(opened);
    return () => opened.close();
  }, [token]);
  if (!hub) return <Opening text="Connecting" />;
  return (
    <HubContext value={hub}>
      <Opened hub={hub} onSignOut={onSignOut} />
    </HubContext>
  );
}

function Opened({ hub, onSignOut }: { readonly hub: Hub; readonly onSignOut: (why?: string) => void }) {
  const phase = useSyncExternalStore(hub.onChange, () => hub.phase);
  const me = useSyncExternalStore(hub.onChange, () => hub.me);
  const isBadToken = phase.name === 'refused' && phase.refusal.code === 'connection/bad-token';
  useEffect(() => {
    if (isBadToken) onSignOut('The hub does not accept this token any more. Sign in again.');
  }, [isBadToken, onSignOut]);
  if (phase.name === 'refused' && !isBadToken) {
    return (
      <main className="sign-in" id="main">
        <div className="sign-in-card" role="alert">
          <h1>The hub refuses this page</h1>
          <p>{phase.refusal.message}</p>
          <p>
            <code>{phase.refusal.code}</code>
          </p>
          <div className="actions">
            <button type="button" className="primary" onClick={() => location.reload()}>
              Try again
            </button>
            <button type="button" onClick={() => onSignOut()}>
              Sign out
            </button>
          </div>
        </div>
      </main>
    );
  }
  if (!me) return <Opening text={phase.name === 'lost' ? 'The hub does not answer; trying again' : 'Connecting'} />;
  return (
    <ActionsProvider>
      <Attach />
      <Shell onSignOut={() => onSignOut()}>
        <CurrentPage />
      </Shell>
      <Receipts />
    </ActionsProvider>
  );
}

function Opening({ text }: { readonly text: string }) {
  return (
    <main className="opening" id="main">
      <p role="status">{text} …</p>
      <Loading rows={1} />
    </main>
  );
}

/** The page of the address. Another entry of the same kind is another page. */
function CurrentPage() {
  const { path } = useRoute();
  const [kind = 'overview', id] = path;
  return useMemo(() => {
    if (id !== undefined) {
      if (kind === 'agents') return <Agent key={id} name={id} />;
      if (kind === 'messages') return <Message key={id} id={id} />;
      if (kind === 'workflows') return <Workflow key={id} id={id} />;
      if (kind === 'claims') return <Claim key={id} id={id} />;
      if (kind === 'groups') return <Group key={id} name={id} />;
    }
    if (kind === 'overview') return <Overview />;
    if (kind === 'agents') return <Agents />;
    if (kind === 'messages') return <Messages />;
    if (kind === 'workflows') return <Workflows />;
    if (kind === 'events') return <Events />;
    if (kind === 'dead-letters') return <DeadLetters />;
    if (kind === 'groups') return <Groups />;
    if (kind === 'claims') return <Claims />;
    if (kind === 'operators') return <Operators />;
    return (
      <Page title="Not found">
        <Empty title="There is no page at this address." />
      </Page>
    );
  }, [kind, id]);
}
