// The check of the Node.js that runs the command line. Imports nothing, and uses nothing that an old Node.js lacks.

/** The oldest Node.js that runs the command line. */
const MIN_MAJOR = 24;

/** Returns what to do about a Node.js that is too old; undefined if it is not. */
export function oldNodeSentence(version: string): string | undefined {
  if (Number(version.split('.')[0]) >= MIN_MAJOR) return undefined;
  return `agora needs Node.js ${MIN_MAJOR} or newer; this is ${version}. In a clone of Agora, \`npm run agora\` installs it.`;
}
