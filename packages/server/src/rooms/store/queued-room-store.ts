import { BatchQueue, type JobOutcome } from '../../chat/batch-queue.ts'
import type { RoomJob } from './room-jobs.ts'
import { type RawRoom, roomOf, storedRoomOf } from './room-rows.ts'
import type { RoomStore } from './room-store.ts'

/** Most jobs in one transaction. */
const batchSize = 500
/** Most jobs that may wait. */
const queueSize = 20_000

/**
 * A room store over a database that does jobs in batches: in the order in which they were asked for, many in one commit.
 * @param run does a batch in one transaction
 * @param end releases the database, after the last batch
 */
export const queuedRoomStore = (
  run: (jobs: readonly RoomJob[]) => Promise<readonly JobOutcome<unknown>[]>,
  end: () => Promise<void>,
): RoomStore => {
  const queue = new BatchQueue<RoomJob, unknown>({ run, batchSize, queueSize })
  let ended: Promise<void> | undefined
  return {
    load: async (roomId) => {
      const rows = (await queue.add({ type: 'load', roomId })) as RawRoom | undefined
      return rows && storedRoomOf(rows)
    },
    write: async (roomId, changes) => {
      if (changes.length > 0) await queue.add({ type: 'write', roomId, changes })
    },
    rooms: async (limit) => ((await queue.add({ type: 'rooms', limit })) as unknown[]).map(roomOf),
    forgetBefore: async (ms) => (await queue.add({ type: 'forgetBefore', ms })) as number,
    forgetPerson: async (identity) => void (await queue.add({ type: 'forgetPerson', identity })),
    scrub: async () => void (await queue.add({ type: 'scrub' })),
    close: () => {
      ended ??= queue.close().then(end)
      return ended
    },
  }
}
