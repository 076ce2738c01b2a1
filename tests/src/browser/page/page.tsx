// The page under test: an agent in a browser, with a panel for each hook; each panel can be shown and hidden.

import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { AgoraProvider, useAgents, useAgora, useEvents, useInbox, useWorkflow } from '@agora/client/react';

declare global {
  interface Window {
    /** Mounts the page as an agent of a hub; returns the function that unmounts it. */
    mount(server: string, name?: string): () => void;
  }
}

window.mount = (server, name = 'Page') => {
  const root = createRoot(document.body.appendChild(document.createElement('main')));
  root.render(
    <StrictMode>
      <AgoraProvider name={name} options={{ server }} registration={{ agentType: 'ui', capabilities: ['showing'] }}>
        <State />
        <Panel name="agents">
          <Agents />
        </Panel>
        <Panel name="inbox">
          <Inbox title="first" />
          <Inbox title="second" />
        </Panel>
        <Panel name="events">
          <Events />
        </Panel>
        <Panel name="workflow">
          <Workflow />
        </Panel>
      </AgoraProvider>
    </StrictMode>,
  );
  return () => root.unmount();
};

function Panel({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  const [isShown, show] = useState(false);
  return (
    <section id={name}>
      <button onClick={() => show(!isShown)}>{name}</button>
      {isShown && children}
    </section>
  );
}

function State() {
  const { state, error } = useAgora();
  return <p id="state">{error ? `${state}: ${error.code}` : state}</p>;
}

function Agents() {
  const { data, isReady } = useAgents({ presence: 'online' });
  return <p>{isReady ? data.map(({ name }) => name).join(' ') : '…'}</p>;
}

function Inbox({ title }: { readonly title: string }) {
  const { data } = useInbox({ messageTypes: ['question'] });
  return (
    <ul title={title}>
      {data.map(message => (
        <li key={message.id}>
          {message.from}: {JSON.stringify(message.payload)} ({message.attempt}){' '}
          <button onClick={() => void message.respond('yes')}>yes</button>
        </li>
      ))}
    </ul>
  );
}

function Events() {
  const { data } = useEvents('page.*', { limit: 3, from: 1 });
  return <p>{data.map(({ data: { n } }) => String(n)).join(' ')}</p>;
}

function Workflow() {
  const { client } = useAgora();
  const [id, setId] = useState<string>();
  const { data, error } = useWorkflow(id);
  const start = async () => {
    const steps = [{ agent: 'Worker', action: 'work' }];
    await using workflow = await client.startWorkflowCoordination({ workflowType: 'shown', steps });
    setId(workflow.workflowId);
  };
  return (
    <>
      <button onClick={() => void start()}>start</button>
      <p>{data ? `${data.status}: ${data.steps.map(({ name, state }) => `${name} ${state}`).join()}` : error?.code}</p>
    </>
  );
}
