// The version of the contract, which a client compares with its own before it decodes any row.

import { t } from 'spacetimedb/server';
import { CONTRACT_VERSION } from '../contract/index.ts';
import { agora } from '../schema.ts';

/** Returns the version of the contract that this module implements; for every identity. */
export const contractVersion = agora.procedure({}, t.u32(), () => CONTRACT_VERSION);
