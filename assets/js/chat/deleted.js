// Told by a store that several devices share: the conversation that should change was deleted on one of them.

export class DeletedElsewhere extends Error {}
