// What each phase does with a request, in the order of lua/router/router.lua (PHASE-01), as far as it can be told beforehand.
import type { Phase } from './explanation.ts';
import { access, limits } from './steps/access.ts';
import { builtInPage, sending, toBackend } from './steps/backend.ts';
import { blocked, connection, ofHost } from './steps/host.ts';
import { cors, ofPath, redirects } from './steps/path.ts';
import type { Situation, Step } from './steps/step.ts';

/** Up to the one that ends the request. */
export function phasesOf(situation: Situation): Phase[] {
  const phases: Phase[] = [];
  for (const step of STEPS) {
    for (const phase of step(situation)) {
      phases.push(phase);
      if (phase.ends !== null) return phases;
    }
  }
  return phases;
}

const STEPS: readonly Step[] = [
  connection,
  blocked,
  ofHost,
  ofPath,
  cors,
  redirects,
  toBackend,
  limits,
  access,
  builtInPage,
  sending,
];
