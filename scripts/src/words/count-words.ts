// Counts the avoided words of `word-list.ts` in the prose of files and in packages.

import { AVOIDED_WORDS, type AvoidedWord } from './word-list.ts';
import { proseOf } from './prose.ts';

/** The most avoided words in 1,000 words of prose, for a package and for all together. */
export const MAX_RATE = 1;

/** An avoided word in a file. */
export interface Hit {
  readonly line: number;
  readonly word: string;
  readonly use: string;
}

/** The prose of one file: its number of words, and the avoided ones among them. */
export interface FileCount {
  readonly path: string;
  readonly words: number;
  readonly hits: readonly Hit[];
}

/** The files of one package, or of several, together. */
export interface PackageCount {
  readonly name: string;
  readonly words: number;
  readonly hits: number;
  readonly files: readonly FileCount[];
}

const PATTERNS = AVOIDED_WORDS.map(word => ({ ...word, expression: expressionOf(word) }));

/** Spaces of a pattern also match the end of a line. */
function expressionOf({ pattern }: AvoidedWord): RegExp {
  return new RegExp(`\\b(?:${pattern.replaceAll(' ', '\\s+')})\\b`, 'gi');
}

/** Counts one file; lines of comments that follow each other are read as one text. */
export function countFile(path: string, text: string): FileCount {
  let words = 0;
  const hits: Hit[] = [];
  for (const passage of joined(proseOf(path, text))) {
    words += passage.text.match(/\p{L}[\p{L}'’-]*/gu)?.length ?? 0;
    for (const { expression, use } of PATTERNS) {
      for (const { 0: word, index } of passage.text.matchAll(expression)) {
        const line = passage.line + passage.text.slice(0, index).split('\n').length - 1;
        hits.push({ line, word: word.replace(/\s+/g, ' '), use });
      }
    }
  }
  return { path, words, hits: hits.sort((a, b) => a.line - b.line) };
}

/** Joins comments of adjacent lines, so that a phrase is found across the end of a line. */
function joined(passages: ReturnType<typeof proseOf>): ReturnType<typeof proseOf> {
  const texts: { line: number; text: string }[] = [];
  let next = 0;
  for (const { line, text } of passages) {
    const last = texts.at(-1);
    if (last && line === next) last.text += `\n${text}`;
    else texts.push({ line, text });
    next = line + text.split('\n').length;
  }
  return texts;
}

export function sumOf(name: string, files: readonly FileCount[]): PackageCount {
  const words = files.reduce((sum, file) => sum + file.words, 0);
  return { name, words, hits: files.reduce((sum, file) => sum + file.hits.length, 0), files };
}

/** Returns avoided words in 1,000 words of prose. */
export function rateOf({ words, hits }: Pick<PackageCount, 'words' | 'hits'>): number {
  return words === 0 ? 0 : (hits / words) * 1000;
}

/** Returns the packages above the limit; `all` is judged like one of them. */
export function packagesAboveLimit(packages: readonly PackageCount[], all: PackageCount): PackageCount[] {
  return [...packages, all].filter(count => rateOf(count) > MAX_RATE);
}
