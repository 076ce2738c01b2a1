// The YAML or JSON text of a workflow definition: its value, the faults of the text, and the line of each fault.

import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, visit, type Node } from 'yaml';
import { textOf } from '../base/errors.ts';

/** A definition that was read from a text. */
export interface DefinitionSource {
  /** What could be read, also of a text with faults: so the faults of its content are reported in the same round. */
  readonly definition: unknown;
  /** Faults of the text, each with its line. */
  readonly faults: readonly string[];
  /** Returns a fault of the content with the line of its step and member: `line 4: step "build": …`. */
  readonly located: (fault: string) => string;
}

/** Reads a definition. Never throws: a text that is neither YAML nor JSON has faults. */
export function readSource(text: string): DefinitionSource {
  const counter = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter: counter });
  const lineAt = (offset: number) => counter.linePos(offset).line;
  const faults = document.errors.map(({ code, message, pos }) => {
    const fault = code === 'MULTIPLE_DOCS' ? 'the text has several documents, and a definition is one' : message;
    return `line ${lineAt(pos[0])}: ${fault}`;
  });
  const located = (fault: string) => {
    const offset = placeOf(fault, document.contents)?.range?.[0];
    return offset === undefined ? fault : `line ${lineAt(offset)}: ${fault}`;
  };
  try {
    return { definition: document.toJS({ maxAliasCount: 100 }) as unknown, faults, located };
  } catch (error) {
    // An alias without its anchor, or too many aliases.
    return { definition: {}, faults: [...faults, textOf(error)], located };
  }
}

/** Returns the node that a fault is about: a quoted value in its step or member, else the member, else the step. */
function placeOf(fault: string, contents: Node | null): Node | undefined {
  if (!isMap(contents)) return contents ?? undefined;
  const [, step, path = '', sentence = ''] = /^(step "[^"]*"|step \d+)?(?:, )?([\w.]*): ([^]*)$/.exec(fault) ?? [];
  const scope = step === undefined ? contents : stepNode(step, contents);
  if (!scope) return undefined;
  const inner = memberNode(path.split('.')[0] ?? '', scope) ?? scope;
  const quoted = [...sentence.matchAll(/"([^"]+)"/g)].map(([, value]) => value);
  return scalarNode(quoted, inner) ?? inner;
}

function stepNode(step: string, contents: Node): Node | undefined {
  const steps = isMap(contents) ? contents.get('steps', true) : undefined;
  if (!isSeq(steps)) return undefined;
  const name = /"(.*)"/.exec(step)?.[1];
  const named = (key: string) => (each: unknown) => isMap(each) && String(each.get(key)) === name;
  const found =
    name === undefined
      ? steps.items[Number(step.slice('step '.length)) - 1]
      : (steps.items.find(named('id')) ?? steps.items.find(named('action')));
  return isMap(found) ? found : undefined;
}

/** Returns the key of a member, in either case. */
function memberNode(member: string, scope: Node): Node | undefined {
  if (!isMap(scope) || member === '') return undefined;
  const plain = (key: unknown) => String(key).replaceAll('_', '').toLowerCase();
  const pair = scope.items.find(({ key }) => isScalar(key) && plain(key.value) === plain(member));
  return isPair(pair) && isScalar(pair.key) ? pair.key : undefined;
}

/** Returns the first key or value that is a word; an earlier word comes first. */
function scalarNode(words: readonly (string | undefined)[], scope: Node): Node | undefined {
  for (const word of words) {
    let found: Node | undefined;
    visit(scope, {
      Scalar(_key, node) {
        if (String(node.value) !== word) return undefined;
        found = node;
        return visit.BREAK;
      },
    });
    if (found) return found;
  }
  return undefined;
}
