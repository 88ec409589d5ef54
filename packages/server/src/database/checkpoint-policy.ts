/** How much of a write-ahead log stands in the database's file already, in pages. */
export type LogState = {
  readonly pages: number
  readonly copied: number
}

/**
 * What to do about the log: nothing; `copy` on another thread, while commits go on; or `finish` between two commits,
 * after which the next one begins the log anew.
 */
export type CheckpointStep = 'none' | 'copy' | 'finish'

/** Pages (4 KiB) that are not copied yet from which it is worth copying them: 4 MiB. */
const worthCopying = 1000
/** Pages from which the log is to begin anew: 32 MiB. */
const worthEnding = 8000

/**
 * A log begins anew only when all of it is copied at a moment without a write. Copying most of it beside the commits
 * leaves little to hold one up with; a copy that is under way already has to end first.
 */
export const checkpointStep = ({ pages, copied }: LogState, isCopying: boolean): CheckpointStep => {
  if (isCopying) return 'none'
  const left = pages - copied
  if (pages >= worthEnding && left > 0 && left < worthCopying) return 'finish'
  return left >= worthCopying ? 'copy' : 'none'
}
