// Quality of a page in numbers, computed from its text.

import { parseMarkdown, plainText } from './markdown.ts';
import type { PackageApi } from './package-api.ts';

/** The total score of a page and its parts. */
export interface Score {
  /** 0 to 100: the weighted sum of the parts. */
  readonly total: number;
  /** Percent of the exports whose source describes them. */
  readonly described: number;
  readonly wordsPerSentence: number;
  /** Percent of the sentences that have at most 30 words. */
  readonly readable: number;
  /** Percent of the headings at most one level deeper than the one before. */
  readonly structured: number;
  readonly words: number;
  readonly codeBlocks: number;
}

const LONG_SENTENCE_WORDS = 30;

/** Scores a page: half for described exports, the rest for readability and structure. */
export function scorePage(text: string, api: PackageApi): Score {
  const page = parseMarkdown(text);
  const items = api.entries.flatMap(entry => entry.items);
  const sentences = page.paragraphs
    .flatMap(paragraph => plainText(paragraph.text).split(/(?<=[.!?])\s+/))
    .map(sentence => sentence.split(/\s+/).filter(word => /\w/.test(word)).length)
    .filter(words => words > 2);
  const words = sentences.reduce((sum, count) => sum + count, 0);
  const described = percent(items, item => item.summary !== '');
  const readable = percent(sentences, count => count <= LONG_SENTENCE_WORDS);
  const structured = percent(page.headings, (heading, at) => heading.level <= (page.headings[at - 1]?.level ?? 0) + 1);
  return {
    total: Math.round(0.5 * described + 0.3 * readable + 0.2 * structured),
    described,
    wordsPerSentence: Math.round((10 * words) / Math.max(1, sentences.length)) / 10,
    readable,
    structured,
    words,
    codeBlocks: page.fences.length,
  };
}

function percent<T>(items: readonly T[], holds: (item: T, at: number) => boolean): number {
  return items.length === 0 ? 100 : Math.round((100 * items.filter(holds).length) / items.length);
}
