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
} from './agent/reducers.ts';
export { readEvents } from './event/procedures.ts';
export { groupMembers, myGroups } from './group/procedures.ts';
export { joinGroup, leaveGroup } from './group/reducers.ts';
export { broadcastStatus, messageStatus, readBroadcasts, readPayload, readSignals } from './message/procedures.ts';
export { readReference, receivedMessages, sentMessages } from './message/history.ts';
export { peekInbox } from './message/peek.ts';
export { performActs } from './message/reducers.ts';
export { myInbox } from './message/views.ts';
export { sweepKept } from './message/retention.ts';
export { admitIdentity, admitIssuer, expel, listAdmissions, onConnect, setAdmission } from './operator/admission.ts';
export { hubOverview, hubStatus, watchHub } from './operator/counters.ts';
export { deadLetters, purge, purgeAll, redrive, redriveAll } from './operator/letter-reducers.ts';
export { listMailboxes, listOperators, readMessage } from './operator/pages.ts';
export { grantOperator, init, revokeOperator } from './operator/reducers.ts';
export { sweepSlot } from './time/reducers.ts';
export { agentUsage, wakeState } from './quota/procedures.ts';
export { clearQuota, setHubLimits, setQuota } from './quota/reducers.ts';
export { whyWaiting, workflowSteps } from './workflow/procedures.ts';
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
} from './workflow/reducers.ts';
export { myWorkflows } from './workflow/views.ts';
