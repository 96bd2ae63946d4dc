// What a key of the controller ConfigMap is: its parser, its value when it is absent, and what it does. Families of keys are
// plain tables; the fields of Settings and their types follow from them.
import type { Parser } from '../../feature/parse.ts';

export interface Key<T> {
  /** Gives a value that JSON can hold: settings are compared as text. */
  readonly parse: Parser<T>;
  /** In force when the key is absent (docs/spec/configmap.yaml). */
  readonly initial: T;
  /** In force when its value is refused: the same, except for keys that keep somebody out. */
  readonly refused: T;
  readonly doc: string;
}

export type Keys = Readonly<Record<string, Key<unknown>>>;

export function key<T>(parse: Parser<T>, initial: NoInfer<T>, doc: string, refused: NoInfer<T> = initial): Key<T> {
  return { parse, initial, refused, doc };
}

type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

/** The fields that a family of keys becomes: the key in camel case → the type of its value. */
export type ConfigOf<K> = {
  readonly [N in keyof K & string as Camel<N>]: K[N] extends Key<infer T> ? T : never;
};

/** "proxy-body-size" → "proxyBodySize". */
export function fieldOf(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
