// What is published and nothing else: the schema as default; reducers, views and procedures by name.

export { agora as default } from './schema.ts';
export {
  attachAgent,
  detachAgent,
  goIdle,
  heartbeat,
  onDisconnect,
  registerAgent,
  setStatus,
  unregisterAgent,
  updateAgent,
} from './published/agents.ts';
export { readEvents } from './published/events.ts';
export { groupMembers, myGroups } from './group/procedures.ts';
export { joinGroup, leaveGroup } from './published/groups.ts';
export { broadcastStatus, messageStatus, readBroadcasts, readPayload, readSignals } from './published/messages.ts';
export { readReference, receivedMessages, sentMessages } from './published/history.ts';
export { peekInbox } from './published/inbox.ts';
export { performActs } from './published/perform-acts.ts';
export { myInbox } from './message/views.ts';
export { sweepKept } from './message/retention.ts';
export { admitIdentity, admitIssuer, expel, listAdmissions, onConnect, setAdmission } from './operator/admission.ts';
export { hubOverview, hubStatus, watchHub } from './operator/counters.ts';
export { deadLetters, purge, purgeAll, redrive, redriveAll } from './published/dead-letters.ts';
export { listMailboxes, listOperators, readMessage } from './published/mailboxes.ts';
export { grantOperator, init, revokeOperator } from './published/operators.ts';
export { sweepSlot } from './published/sweep-slot.ts';
export { agentUsage, wakeState } from './published/usage.ts';
export { clearQuota, setHubLimits, setQuota } from './published/quotas.ts';
export { whyWaiting, workflowSteps } from './published/workflow-steps.ts';
export {
  approveStep,
  cancelWorkflow,
  forkWorkflow,
  pauseWorkflow,
  rejectStep,
  resumeWorkflow,
  retryStep,
  startWorkflow,
  unwatchWorkflow,
  watchWorkflow,
} from './published/workflows.ts';
export { myWorkflows } from './published/my-workflows.ts';
