// The check of the hub's version: the SDK decodes rows by the columns that the client knows, so a hub of another version would
// send rows that it misreads.

import { CONTRACT_VERSION } from '@agora/module/contract';
import { AgoraError, ConnectionError, TimeoutError } from '../base/errors.ts';
import type { Session } from './session.ts';

/** The version of a hub that does not report one. */
const UNREPORTED = 0;

/** Compares the contract versions of hub and client. Throws `connection/other-version` with the side to update. */
export async function checkContractVersion(session: Session, origin: string, timeoutMs: number): Promise<void> {
  const version = await session
    .wait('contract_version', timeoutMs, db => db.procedures.contractVersion({}))
    .catch((error: unknown) => {
      const isRefusal = error instanceof AgoraError && error.code === 'call/failed';
      if (error instanceof TimeoutError || !isRefusal || session.isLost) throw error;
      return UNREPORTED;
    });
  if (version === CONTRACT_VERSION) return;
  const has =
    version === UNREPORTED ? 'an older version of the contract than' : `version ${version} of the contract, not`;
  const side =
    version > CONTRACT_VERSION ? 'update @agora/client in this program' : 'update the hub, or use an older client';
  const sentence = `the hub at ${origin} has ${has} version ${CONTRACT_VERSION} of this client; ${side}`;
  throw new ConnectionError('connection/other-version', sentence);
}
