/** Who spoke last, the latest first: each participant once. */
export class RecentSpeakers {
  #order: string[] = []

  /** Participants, the latest speaker first. */
  get order(): readonly string[] {
    return this.#order
  }

  /** Somebody became the dominant speaker. Gives whether that changed anything. */
  spoke(participantId: string): boolean {
    if (this.#order[0] === participantId) return false
    this.#order = [participantId, ...this.#order.filter((other) => other !== participantId)]
    return true
  }

  /** Somebody left. */
  forget(participantId: string): void {
    this.#order = this.#order.filter((other) => other !== participantId)
  }
}
