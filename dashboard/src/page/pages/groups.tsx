// Groups that the caller's agents are in, for operators all, with their members.

import type { DbConnection } from '@agora/bindings';
import { useState } from 'react';
import { useActions } from '../actions/actions.tsx';
import { changeGroup } from '../actions/calls.ts';
import { Compose } from '../actions/compose.tsx';
import { count } from '../base/format.ts';
import { href, useFilter } from '../base/router.ts';
import { useMe, useOwnAgents, useRead } from '../hub/hooks.ts';
import type { AgentRow } from '../hub/live-tables.ts';
import { SearchField } from '../ui/filters.tsx';
import { Icon } from '../ui/icons.tsx';
import { Empty, Loading, Page, Panel, Refused } from '../ui/layout.tsx';
import { Foreign } from '../ui/text.tsx';

/** Agents whose groups are read. */
const MAX_AGENTS = 64;
/** Groups of the hub that an operator sees at once. */
const MAX_GROUPS = 256;

export function Groups() {
  const own = useOwnAgents().slice(0, MAX_AGENTS);
  const { run } = useActions();
  const [name, setName] = useState('');
  const [agentName, setAgentName] = useState('');
  const { isOperator } = useMe();
  const [text, setText] = useFilter('q');
  const { data, refusal } = useRead(`groups ${isOperator} ${text} ${own.map(({ id }) => id).join()}`, async db => {
    const groups = await groupsOf(db, own);
    const others = isOperator ? (await db.procedures.listGroups({ text, limit: MAX_GROUPS })).rows : [];
    for (const { name: group, members } of others) if (!groups.has(group)) groups.set(group, { members, own: [] });
    return [...groups]
      .map(([group, rest]) => ({ name: group, ...rest }))
      .filter(group => group.name.includes(text))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  });
  const joining = own.find(agent => agent.name === agentName) ?? own[0];
  return (
    <Page
      title="Groups"
      about={isOperator ? 'Of the whole hub.' : 'Those of your agents: the hub shows a group to its members.'}
    >
      <div className="filters">
        <SearchField label="Search groups" value={text} onChange={setText} placeholder="Part of the name" />
      </div>
      <Panel title="Join a group">
        {joining === undefined ? (
          <Empty title="You have no agent that could join." command="agora listen --as Echo -- cat" />
        ) : (
          <form
            className="joined"
            onSubmit={event => {
              event.preventDefault();
              void run(changeGroup(joining.id, name.startsWith('#') ? name : `#${name}`, true)).then(failed => {
                if (!failed) setName('');
              });
            }}
          >
            <select
              aria-label="Agent that joins"
              value={joining.name}
              onChange={event => setAgentName(event.target.value)}
            >
              {own.map(({ id, name: each }) => (
                <option key={String(id)}>{each}</option>
              ))}
            </select>
            <input
              aria-label="Name of the group"
              placeholder="#reviewers"
              value={name}
              onChange={event => setName(event.target.value)}
              required
            />
            <button type="submit">
              <Icon name="plus" /> Join
            </button>
          </form>
        )}
      </Panel>
      <Panel>
        {refusal ? (
          <Refused refusal={refusal} />
        ) : data === undefined ? (
          <Loading />
        ) : data.length === 0 ? (
          <Empty title={text === '' ? 'There is no group here.' : 'No group matches.'}>
            The first member creates a group, the last one deletes it.
          </Empty>
        ) : null}
        <ul className="lines">
          {(data ?? []).map(group => (
            <li key={group.name}>
              <a href={href(['groups', group.name], { agent: group.own[0] })}>
                <Foreign text={`#${group.name.replace(/^#/, '')}`} />
              </a>
              {group.own.length > 0 && (
                <span className="faint">
                  with <Foreign text={group.own.join(', ')} />
                </span>
              )}
              <span className="spacer" />
              <strong className="tally">{count(group.members)}</strong>
            </li>
          ))}
        </ul>
      </Panel>
    </Page>
  );
}

/** The groups of one's own agents. */
async function groupsOf(db: DbConnection, own: readonly AgentRow[]) {
  const groups = new Map<string, { readonly members: number; readonly own: readonly string[] }>();
  for (const agent of own) {
    for (const { name, members } of await db.procedures.myGroups({ agent: agent.id })) {
      groups.set(name, { members, own: [...(groups.get(name)?.own ?? []), agent.name] });
    }
  }
  return groups;
}

export function Group({ name }: { readonly name: string }) {
  const own = useOwnAgents();
  const [asAgent] = useFilter('agent');
  const { run } = useActions();
  const [isComposing, setComposing] = useState(false);
  const group = name.startsWith('#') ? name : `#${name}`;
  const viewer = own.find(agent => agent.name === asAgent) ?? own[0];
  const { isOperator } = useMe();
  // An operator needs no agent.
  const reader = isOperator ? 0n : viewer?.id;
  const { data, refusal } = useRead(reader === undefined ? undefined : `members ${group} ${reader}`, db =>
    db.procedures.groupMembers({ agent: reader ?? 0n, group }),
  );
  return (
    <Page
      title={group}
      about={data ? `${count(data.length)} ${data.length === 1 ? 'member' : 'members'}` : undefined}
      actions={
        <>
          <button type="button" className="primary" onClick={() => setComposing(true)}>
            <Icon name="send" /> Send to all
          </button>
          {viewer && data?.includes(viewer.name) === true && (
            <button type="button" className="danger" onClick={() => void run(changeGroup(viewer.id, group, false))}>
              Leave with {viewer.name}
            </button>
          )}
        </>
      }
    >
      <Panel title="Members">
        {reader === undefined ? (
          <Empty title="You have no agent, so the hub shows you no group." />
        ) : refusal ? (
          <Refused refusal={refusal} />
        ) : data === undefined ? (
          <Loading />
        ) : null}
        <ul className="lines">
          {(data ?? []).map(member => (
            <li key={member}>
              <a href={href(['agents', member])}>
                <Foreign text={member} />
              </a>
            </li>
          ))}
        </ul>
      </Panel>
      {isComposing && <Compose to={group} onClose={() => setComposing(false)} />}
    </Page>
  );
}
