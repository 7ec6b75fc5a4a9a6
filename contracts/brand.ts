declare const brand: unique symbol;

/** A `T` that only its own parser can make; erased at run time. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

type Unbranded<B> = B extends Brand<infer T, string> ? T : never;

/** The one place where a plain value becomes a branded one: for parsers that have just checked it, and for makers of it. */
export function mint<B extends Brand<unknown, string>>(value: Unbranded<B>): B {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a brand exists only in the types
  return value as unknown as B;
}
