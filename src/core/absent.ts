/** What a source that is only a part of a capture does not hold. No failure: to try again would not help. */
export class Absent extends Error {}
