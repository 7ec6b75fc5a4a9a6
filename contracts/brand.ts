declare const brand: unique symbol;

/** A `T` that only its own parser can make; erased at run time. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** The one place where plain text becomes a branded one: for parsers that have just checked it, and for makers of it. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the brand
export function mintText<B extends Brand<string, string>>(text: string): B {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a brand exists only in the types
  return text as B;
}
