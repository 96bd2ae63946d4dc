// The dashboard as the command line asks for it.
import type { FlagValues } from '../flags.ts';
import type { Pages } from '../telemetry/health.ts';
import { DASHBOARD_PATH, Dashboard, type DashboardParts } from './dashboard.ts';

/** null without --enable-dashboard: then nothing is counted for it either. */
export function startDashboard(flags: FlagValues, parts: DashboardParts, signal: AbortSignal): Pages | null {
  if (!flags['enable-dashboard']) return null;
  const dashboard = new Dashboard(parts, signal);
  return { path: DASHBOARD_PATH, answer: (request, response, url) => dashboard.answer(request, response, url) };
}
