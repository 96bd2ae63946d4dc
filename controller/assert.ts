// Exhaustive switches over closed unions.

/** Reached only when a union got a member that a switch does not handle; the compiler refuses such a switch. */
export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}
