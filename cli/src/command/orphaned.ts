// Wakers end with the coding agent that has started them: they outlive it otherwise, also when it was killed.

/** A function that returns true once the parent process, or the process `CLAUDE_PID`, has ended. */
export function isOrphaned(environment: Readonly<Record<string, string | undefined>>): () => boolean {
  const parent = process.ppid;
  const agent = Number(environment['CLAUDE_PID']);
  return () => process.ppid !== parent || (agent > 0 && !isAlive(agent));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
