// What each profile contains, and who uses it.
import type { Profile } from '../model/types.ts';
import { indexOf, type RouteOfHost } from './index.ts';
import type { Moment } from './moment.ts';
import { matching, pageOf, type Query } from './paging.ts';
import type { Page, ProfileRow } from './views.ts';

const USERS_SHOWN = 10;

export function profilePage({ model }: Moment, query: Query): Page<ProfileRow> {
  const { usersOf } = indexOf(model);
  const all = [...model.profiles.values()]
    .map((profile) => ({ profile, routes: usersOf.get(profile.id) ?? [] }))
    .sort((a, b) => b.routes.length - a.routes.length || (a.profile.id < b.profile.id ? -1 : 1));
  const found = matching(all, query, ({ profile, routes }) => [
    profile.id,
    ...linesOf(profile),
    ...(query.text === '' ? [] : ingressesOf(routes)),
  ]);
  return pageOf(found, query, ({ profile, routes }) => profileRow(profile, routes));
}

function linesOf({ directives }: Profile): string[] {
  return directives.map(({ name, args }) => [name, ...args.map((token) => token.text)].join(' '));
}

function ingressesOf(routes: readonly RouteOfHost[]): string[] {
  const keys = routes.flatMap(({ route }) =>
    route.source === null ? [] : `${route.source.namespace}/${route.source.name}`,
  );
  return [...new Set(keys)].sort();
}

function profileRow(profile: Profile, routes: readonly RouteOfHost[]): ProfileRow {
  const users = ingressesOf(routes);
  return {
    id: profile.id,
    protocol: profile.protocol,
    directives: linesOf(profile),
    snippet: profile.snippet?.text ?? null,
    asksFirst: profile.auth !== null,
    routes: routes.length,
    hosts: new Set(routes.map(({ host }) => host.name)).size,
    users: users.slice(0, USERS_SHOWN),
    userCount: users.length,
  };
}
