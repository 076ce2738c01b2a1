// Exports of the published module: the schema as default; reducers, views and procedures by name.

export { agora as default } from './schema.ts';
export * from './published/admission.ts';
export * from './published/agents.ts';
export * from './published/asks.ts';
export * from './published/broadcasts.ts';
export * from './published/claims.ts';
export * from './published/contract-version.ts';
export * from './published/counters.ts';
export * from './published/dead-letters.ts';
export * from './published/events.ts';
export * from './published/groups.ts';
export * from './published/history.ts';
export * from './published/inbox.ts';
export * from './published/lifecycle.ts';
export * from './published/mailboxes.ts';
export * from './published/messages.ts';
export * from './published/my-workflows.ts';
export * from './published/operators.ts';
export * from './published/perform-acts.ts';
export * from './published/quotas.ts';
export * from './published/retention.ts';
export * from './published/sweep-slot.ts';
export * from './published/usage.ts';
export * from './published/workflow-steps.ts';
export * from './published/workflows.ts';
