// Which view a path below /dashboard stands for: the pages and the JSON are made of the same answers.
import type { RouterAnswer } from '../explain/router.ts';
import { backendPage, backendView } from './backends.ts';
import { certificatePage } from './certificates.ts';
import { changePage } from './changes.ts';
import { hostPage, hostView } from './hosts.ts';
import { lookupView, parseAsked } from './lookup.ts';
import type { Moment } from './moment.ts';
import { overviewOf } from './overview.ts';
import { queryOf } from './paging.ts';
import { problemPage } from './problems.ts';
import { profilePage } from './profiles.ts';
import { routePage } from './routes.ts';
import type {
  BackendRow,
  BackendView,
  CertificateRow,
  Change,
  HostRow,
  HostView,
  LookupView,
  Overview,
  Page,
  ProblemGroup,
  ProfileRow,
  RouteRow,
} from './views.ts';

/** A view by the name of its page. */
export type Answer =
  | { readonly kind: 'overview'; readonly view: Overview }
  | { readonly kind: 'hosts'; readonly view: Page<HostRow> }
  | { readonly kind: 'host'; readonly view: HostView }
  | { readonly kind: 'routes'; readonly view: Page<RouteRow> }
  | { readonly kind: 'backends'; readonly view: Page<BackendRow> }
  | { readonly kind: 'backend'; readonly view: BackendView }
  | { readonly kind: 'certificates'; readonly view: Page<CertificateRow> }
  | { readonly kind: 'problems'; readonly view: Page<ProblemGroup> }
  | { readonly kind: 'changes'; readonly view: Page<Change> }
  | { readonly kind: 'profiles'; readonly view: Page<ProfileRow> }
  | { readonly kind: 'lookup'; readonly view: LookupView }
  | { readonly kind: 'error'; readonly status: 400 | 404; readonly message: string };

/** Text of a lookup. */
export function textOfLookup(parameters: URLSearchParams): string {
  return (parameters.get('url') ?? parameters.get('q') ?? '').trim();
}

/** `routed` is where nginx would send what a lookup asks for; null where it was not asked, or does not answer. */
export function answerOf(
  moment: Moment,
  name: string,
  parameters: URLSearchParams,
  routed: RouterAnswer | null,
): Answer {
  const query = queryOf(parameters);
  switch (name) {
    case 'overview':
      return { kind: name, view: overviewOf(moment) };
    case 'hosts':
      return { kind: name, view: hostPage(moment, query) };
    case 'routes':
      return { kind: name, view: routePage(moment, query) };
    case 'backends':
      return { kind: name, view: backendPage(moment, query) };
    case 'certificates':
      return { kind: name, view: certificatePage(moment, query) };
    case 'problems':
      return { kind: name, view: problemPage(moment, query) };
    case 'changes':
      return { kind: name, view: changePage(moment, query) };
    case 'profiles':
      return { kind: name, view: profilePage(moment, query) };
    case 'host': {
      const host = parameters.get('name') ?? '';
      const view = hostView(moment, host, query);
      return view === null ? missing(`there is no host ${JSON.stringify(host)}`) : { kind: name, view };
    }
    case 'backend': {
      const id = parameters.get('id') ?? '';
      const view = backendView(moment, id);
      return view === null ? missing(`there is no backend ${JSON.stringify(id)}`) : { kind: name, view };
    }
    case 'lookup': {
      const url = textOfLookup(parameters);
      const asked = parseAsked(url);
      if (asked === null) return { kind: 'error', status: 400, message: `${JSON.stringify(url)} is not a URL or host` };
      return { kind: name, view: lookupView(moment, url, asked, routed) };
    }
    default:
      return missing(`there is no page ${JSON.stringify(name)}`);
  }
}

function missing(message: string): Answer {
  return { kind: 'error', status: 404, message };
}
