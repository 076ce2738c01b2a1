// Three agents in one page. Ada speaks for the person at the keyboard; Ben answers questions; Cleo counts what she received.

import { AgoraClient } from '@agora/client';

const GROUP = '#chat';
const server = new URL(location.href).searchParams.get('hub') ?? 'http://127.0.0.1:3000';

interface Line {
  readonly text: string;
}

/** A client, its panel, and a function to say something to the group. */
async function join(name: string, onLine: (line: Line, from: string, say: (text: string) => void) => void) {
  const { list, form, field } = panel(name);
  const client = new AgoraClient(name, { server });
  await client.connect();
  await client.registerAgent({ agentType: 'person' });
  await client.joinGroup(GROUP);
  const say = (text: string) => {
    show(list, name, text);
    void client.sendMessage({ to: GROUP, messageType: 'chat_line', payload: { text } });
  };
  await client.subscribeToMessages({
    filters: { messageTypes: ['chat_line'] },
    concurrency: 1, // in order
    handler: ({ payload, from }) => {
      const line = payload as Line;
      show(list, from, line.text);
      onLine(line, from, say);
    },
  });
  form.addEventListener('submit', event => {
    event.preventDefault();
    if (field.value !== '') say(field.value);
    field.value = '';
  });
}

function panel(name: string) {
  const section = document.createElement('section');
  section.id = name;
  const [heading, list, form, field] = (['h2', 'ol', 'form', 'input'] as const).map(tag =>
    document.createElement(tag),
  ) as [HTMLElement, HTMLOListElement, HTMLFormElement, HTMLInputElement]; // one element for each tag
  heading.textContent = name;
  field.placeholder = `${name} says …`;
  form.append(field);
  section.append(heading, list, form);
  document.querySelector('main')?.append(section);
  return { list, form, field };
}

/** Adds a line, as text: what others write is never read as HTML. */
function show(list: HTMLOListElement, from: string, text: string): void {
  const item = document.createElement('li');
  item.textContent = `${from}: ${text}`;
  list.append(item);
  item.scrollIntoView({ block: 'nearest' });
}

let received = 0;
try {
  await join('Ada', () => undefined);
  await join('Ben', ({ text }, _from, say) => {
    if (text.endsWith('?')) say(`I think so: ${text.slice(0, -1).toLowerCase()}.`);
  });
  await join('Cleo', (_line, _from, say) => {
    if (++received % 3 === 0) say(`That makes ${received} lines.`);
  });
  document.querySelector('#state')?.replaceChildren('Ada, Ben and Cleo are in #chat. Ask something?');
} catch (error) {
  document.querySelector('#state')?.replaceChildren(String(error));
}
