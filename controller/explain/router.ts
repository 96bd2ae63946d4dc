// nginx's router, asked where a request would go: the authority (lua/router/explain.lua, a dry run that changes nothing).
import type { Control } from '../apply/control.ts';

/** Where a request goes. */
export type Lookup =
  /** The request is answered before a host is looked up, or there is not even a catch-all. */
  | { readonly kind: 'refused'; readonly status: number }
  | {
      readonly kind: 'host';
      readonly host: string;
      /** Found by an alias that is a pattern. */
      readonly isAlias: boolean;
      readonly hasCertificate: boolean;
      /** Index among the routes of the host; null where no path matches. */
      readonly route: number | null;
      /** nginx sends "/p" to "/p/" of the route (PATH-05). */
      readonly leadsToSlash: boolean;
      /** Of a route that matches and cannot be served. */
      readonly status: number | null;
    };

/** Of who has no nginx to ask: only that could tell. */
export interface Undecided {
  readonly kind: 'undecided';
  readonly why: string;
}

/** Which backend takes it (lua/balancer/split.lua, foresee). */
export interface Foreseen {
  readonly by: 'session' | 'header' | 'cookie' | 'chance';
  readonly id?: string;
  readonly chances?: readonly { readonly id: string; readonly chance: number }[];
}

export interface RouterQuestion {
  /** As the header has it. */
  readonly host: string;
  /** $uri, as uri.ts makes it; null where nginx would not take the path. */
  readonly uri: string | null;
  readonly headers: ReadonlyMap<string, string>;
  readonly cookies: ReadonlyMap<string, string>;
}

export interface RouterAnswer {
  readonly lookup: Lookup;
  /** null where no canary could take it. */
  readonly foreseen: Foreseen | null;
}

interface Shown {
  readonly index: number;
  readonly canary?: Foreseen;
}

type Answer =
  | { readonly kind: 'refused'; readonly status: number }
  | {
      readonly kind: 'host';
      readonly host: string;
      readonly is_alias: boolean;
      readonly has_certificate: boolean;
      readonly route?: Shown;
      readonly slash?: Shown;
      readonly status?: number;
    };

/** Rejects when nginx does not answer. */
export async function askRouter(
  control: Pick<Control, 'explain'>,
  { host, uri, headers, cookies }: RouterQuestion,
  signal: AbortSignal,
): Promise<RouterAnswer> {
  if (uri === null) return { lookup: { kind: 'refused', status: 400 }, foreseen: null };
  const asked = { host, uri, headers: Object.fromEntries(headers), cookies: Object.fromEntries(cookies) };
  // The body is JSON of bytes: the URI has a character for each.
  const answer = JSON.parse(await control.explain(Buffer.from(JSON.stringify(asked), 'latin1'), signal)) as Answer;
  if (answer.kind === 'refused') return { lookup: answer, foreseen: null };
  const shown = answer.route ?? answer.slash ?? null;
  const lookup: Lookup = {
    kind: 'host',
    host: answer.host,
    isAlias: answer.is_alias,
    hasCertificate: answer.has_certificate,
    route: shown?.index ?? null,
    leadsToSlash: answer.slash !== undefined,
    status: answer.status ?? null,
  };
  return { lookup, foreseen: shown?.canary ?? null };
}
