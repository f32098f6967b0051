/** True when two types are the same, and not only assignable to each other. */
export type Equal<A, B> =
  (<T>(value: T) => T extends Flat<A> ? 1 : 2) extends <T>(value: T) => T extends Flat<B> ? 1 : 2
    ? true
    : false

/** An intersection of objects as the one object that it is. */
type Flat<T> = T extends object ? { [Key in keyof T]: T[Key] } : T
