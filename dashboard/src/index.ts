// Public API of the dashboard: its route on the port of a hub.

export {
  createDashboardRoute,
  type DashboardCaller,
  type DashboardOptions,
  type DashboardRoute,
} from './server/route.ts';
