// Short ways to write figures down.
import { type Figure, NO_LIMIT } from './benchmark.ts';

export function atMost(limit: number, name: string, value: number, digits: number, meaning: string): Figure {
  return { name, value, digits, limit: { kind: 'at-most', value: limit }, meaning };
}

export function note(name: string, value: number, digits: number, meaning: string): Figure {
  return { name, value, digits, limit: NO_LIMIT, meaning };
}

export function atLeast(limit: number, name: string, value: number, digits: number, meaning: string): Figure {
  return { name, value, digits, limit: { kind: 'at-least', value: limit }, meaning };
}
