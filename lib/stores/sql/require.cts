/** `require` as this package sees it, in ECMAScript modules too: loads an optional peer at once, not by a promise. */
const requirePeer = (name: string): unknown => require(name)
export = requirePeer
