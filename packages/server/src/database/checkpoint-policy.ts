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

/** Pages (4 KiB) that are not copied yet from which it is worth copying them: 16 MiB. A page that many commits changed is copied once. */
const worthCopying = 4000
/** Pages from which the log is to begin anew: 64 MiB. */
const worthEnding = 16_000
/** Pages (512 KiB) that may be copied between two commits: the next one hardly waits for them. */
const soonCopied = 128

/**
 * A log begins anew only when all of it is copied at a moment without a write. What is committed during a copy is left
 * after it: of a long log one copy follows the other, each leaves less, until the rest is little enough. Where commits come as fast as
 * copies more may be left the longer the log is, so that it ends in any case, and a commit waits.
 */
export const checkpointStep = ({ pages, copied }: LogState, isCopying: boolean): CheckpointStep => {
  if (isCopying) return 'none'
  const left = pages - copied
  if (pages < worthEnding) return left >= worthCopying ? 'copy' : 'none'
  if (left === 0) return 'none'
  return left <= Math.max(soonCopied, (pages - worthEnding) / 2) ? 'finish' : 'copy'
}
